// The flow: a plan of the tests first, then one test file after the other, each in a call or, where the answer is cut, two or
// three.

import {
  Failure, type Host, Malformed, Missing, type Reply, type Request, type Spent, type TextFile, accepted, askAndRead, byteLength, counted,
  isCut, isLast, parseJson, readTexts, roomFor, textFile, textOf, withRoom,
} from '../../templates/typescript/src/sdk/index.ts';
import { FILES_MAX } from './description.ts';
import { fileOf, isOpen, isWhole, joined, wholeLines } from './fence.ts';
import { mediaType } from './paths.ts';
import { type Plan, type TestFile, type Untested, cutPlan, cutRest, filesAreSound, planSchema, restSchema } from './plan.ts';
import * as prompts from './prompts.ts';

/** The most output tokens of a call: a hold is taken for all of them. */
const PLAN_TOKENS = 2000;
const FILE_TOKENS = 4000;
/** What a case takes of a test file's tokens. */
const CASE_TOKENS = 160;
/** How often the rest of a file that was cut is asked for. */
const CONTINUATIONS = 2;
/** The wording and the schema of a request, in bytes, beside the standing instructions and the plan. */
const WORDING_BYTES = 3000;

interface Payload {
  files?: { path: string; content: string }[];
  requirements?: string;
  language?: string;
  framework?: string;
  files_max?: number;
}

/** The result; its schema is in `description.ts`. */
export interface Report extends Spent {
  framework: string;
  run: string;
  plan: TestFile['cases'];
  files: { path: string; covers: string[]; bytes: number }[];
  untested: Untested[];
  complete: boolean;
  missing: string[];
}

/** Does a job. */
export function run(host: Host, action: string, payload: unknown): Report {
  const known = 'generate-tests';
  if (action !== known) throw new Failure('invalid-input', `there is no action \`${action}\`; there is \`${known}\``);
  const { host: counting, spent } = counted(host);
  return new Testing(counting, payload as Payload).run(spent);
}

class Testing {
  private host: Host;
  private payload: Payload;
  private missing: Missing;
  private code: TextFile[];
  /** The names of its files. */
  private known: string[];
  private requirements: TextFile[];
  private system: string;
  private files: Report['files'] = [];
  private untested: Untested[] = [];

  constructor(host: Host, payload: Payload) {
    this.host = host;
    this.payload = payload;
    this.missing = new Missing(host);
    this.code = this.sources();
    if (this.code.length === 0) {
      const why = this.missing.sentences.map((sentence) => `; ${sentence}`).join('');
      throw new Failure('invalid-input', `there is no code to test: give \`files\`, or submit files with the job${why}`);
    }
    this.known = this.code.map(({ name }) => name);
    const requirements = payload.requirements ?? '';
    this.requirements = requirements.trim() === '' ? [] : [textFile(prompts.REQUIREMENTS, requirements)];
    this.system = prompts.system(host.setting('house_rules'));
  }

  /** The code: of the payload, and of the files that the job came with. */
  private sources(): TextFile[] {
    const given = (this.payload.files ?? []).map(({ path, content }) => textFile(path, content));
    const sources: TextFile[] = [];
    for (const file of [...given, ...readTexts(this.host, this.missing)]) {
      if (file.text.trim() === '') this.missing.note(`${file.name} was not read: it is empty`);
      else if (sources.some(({ name }) => name === file.name)) this.missing.note(`${file.name} was given twice; the first was read`);
      else sources.push(file);
    }
    return sources;
  }

  run(spent: () => Spent): Report {
    this.host.progress(0.05, 'Planning');
    const plan = this.plan();
    const cases = plan.files.flatMap((file) => file.cases);
    this.host.log(`the plan has ${count(cases.length, 'case')} in ${count(plan.files.length, 'file')}, for ${plan.framework}`);
    this.write(plan);
    this.host.progress(1, `${count(this.files.length, 'test file')}, ${count(cases.length, 'case')} planned`);
    return {
      framework: plan.framework,
      run: plan.run,
      plan: cases,
      files: this.files,
      untested: this.untested,
      complete: this.missing.sentences.length === 0,
      missing: this.missing.sentences,
      ...spent(),
    };
  }

  /** The plan, within as many files as are wanted. */
  private plan(): Plan {
    const [filesMost, casesMost] = [this.payload.files_max ?? FILES_MAX, this.casesMost()];
    const first = this.ask(PLAN_TOKENS, this.code, (setting) => prompts.plan(setting, filesMost, casesMost), (reply) => {
      if (isCut(reply)) return { plan: cutPlan(textOf(reply), this.known), cut: true };
      const plan = parseJson<Plan>(textOf(reply), planSchema(this.known));
      filesAreSound(plan.files, this.known);
      return { plan, cut: false };
    });
    if (!first.plan) throw new Failure('final', 'the plan was cut before it had a test file; raise max_output_tokens');
    const plan = first.cut ? this.restOf(first.plan, filesMost, casesMost) : first.plan;
    this.untested.push(...plan.untested);
    for (const file of plan.files.slice(filesMost)) this.leaveOut(file, `it is beyond the ${count(filesMost, 'test file')} that were wanted`);
    return { ...plan, files: plan.files.slice(0, filesMost) };
  }

  /** Asks once for what is left of a plan that was cut. */
  private restOf(plan: Plan, filesMost: number, casesMost: number): Plan {
    this.host.log(`the plan was cut behind ${count(plan.files.length, 'file')}; asking for the rest`);
    try {
      const make = (setting: prompts.Setting) => prompts.restOfPlan(setting, plan, filesMost, casesMost);
      const { rest, cut } = this.ask(PLAN_TOKENS, this.code, make, (reply) => {
        if (isCut(reply)) return { rest: cutRest(textOf(reply), this.known, plan.files), cut: true };
        const rest = parseJson<Pick<Plan, 'files' | 'untested'>>(textOf(reply), restSchema(this.known));
        filesAreSound(rest.files, this.known, plan.files);
        return { rest, cut: false };
      });
      if (cut) this.missing.note('the plan was cut twice: cases may be missing');
      return { ...plan, files: [...plan.files, ...rest.files], untested: [...plan.untested, ...rest.untested] };
    } catch (error) {
      if (!isLast(error)) throw error;
      this.missing.note(`the plan was cut, and the rest of it is missing: ${error.message}`);
      return plan;
    }
  }

  private write(plan: Plan): void {
    for (const [index, file] of plan.files.entries()) {
      this.host.progress(0.15 + (0.8 * index) / plan.files.length, `Writing ${file.path}`);
      try {
        this.handOver(file, this.content(plan, file));
      } catch (error) {
        if (!isLast(error)) throw error;
        const spent = error.kind === 'over-budget';
        for (const left of spent ? plan.files.slice(index) : [file]) {
          this.missing.note(`${left.path} was not written: ${error.message}`);
          this.leaveOut(left, 'its test file was not written');
        }
        if (spent) return;
      }
    }
  }

  /** The content of a test file. One that stays cut is none: half a file does not run. */
  private content(plan: Plan, file: TestFile): string {
    const sources = this.code.filter(({ name }) => file.sources.includes(name));
    let request: Request | undefined;
    let repaired = false;
    const make = (setting: prompts.Setting) => (request = prompts.write(setting, plan, file));
    let { text, cut } = this.ask(FILE_TOKENS, sources, make, (reply) => {
      const text = textOf(reply);
      const cut = isCut(reply) && !isWhole(text);
      if (cut) return { text, cut };
      if (repaired && isOpen(text)) throw new Failure('final', 'its block has no end, and the answer was asked for again already');
      repaired = true;
      fileOf(text, file.path);
      return { text, cut };
    });
    for (let part = 1; cut && part <= CONTINUATIONS; part++) {
      const before = wholeLines(text);
      if (before.trim() === '') break;
      this.host.log(`${file.path} was cut; asking for the rest`);
      const reply = accepted(this.host.complete(prompts.rest(request!, before)));
      text = joined(before, textOf(reply));
      cut = isCut(reply) ? !isWhole(text) : isOpen(text);
    }
    if (cut) throw new Failure('final', 'its answer was cut again and again; raise max_output_tokens');
    try {
      return fileOf(text, file.path);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw new Failure('bad-reply', `${file.path}, which came in parts, is of no use: ${error.message}`);
    }
  }

  private handOver({ path, cases }: TestFile, content: string): void {
    const bytes = byteLength(content);
    try {
      this.host.artifact(path, mediaType(path), content);
    } catch (error) {
      throw new Failure('final', String((error as Error).message));
    }
    this.host.log(`${path}: ${count(bytes, 'byte')}`);
    this.files.push({ path, covers: [...new Set(cases.map(({ target }) => target))], bytes });
  }

  private leaveOut({ cases }: TestFile, why: string): void {
    for (const { target, case: what } of cases) this.untested.push({ target, why: `${what}: ${why}` });
  }

  /** How many cases a test file has at most, so that it fits into an answer. */
  private casesMost(): number {
    const tokens = Math.min(FILE_TOKENS, this.host.allowance().max_output_tokens);
    return Math.min(16, Math.max(2, Math.floor(tokens / CASE_TOKENS)));
  }

  /** Asks with as much of the requirements and of the code as has room. */
  private ask<T>(most: number, code: TextFile[], make: (setting: prompts.Setting) => Request, read: (reply: Reply) => T): T {
    const { language, framework } = this.payload;
    const left = this.host.allowance();
    const tokens = Math.min(most, left.max_output_tokens);
    const fixed = byteLength(this.system) + byteLength(this.known.join('","')) + WORDING_BYTES + prompts.PLAN_BYTES;
    return withRoom([...this.requirements, ...code], roomFor(left, fixed, tokens), this.missing, (material) => {
      if (material.every(({ name }) => name === prompts.REQUIREMENTS)) {
        throw new Failure('invalid-input', 'a call has no room for the code; raise max_input_tokens, or give fewer files');
      }
      return askAndRead(this.host, make({ system: this.system, known: this.known, material, language, framework, tokens }), read);
    });
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
