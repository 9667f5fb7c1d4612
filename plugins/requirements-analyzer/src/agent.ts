// The flow: the scope first, then the requirements of one area after the other, so that each answer fits into a call and
// what a job paid for is worth something wherever its money ends.

import {
  Failure, type Host, type Json, Missing, type Reply, type Request, type Spent, type TextFile, askAndRead, byteLength,
  counted, faults, isCut, isLast, parseJson, readCut, readTexts, roomFor, textFile, textOf, withRoom,
} from '../../templates/typescript/src/sdk/index.ts';
import {
  AREA_SCHEMA, type Area, MOST_AREAS, REST_SCHEMA, type Requirement, SCOPE_SCHEMA, type Scope, areasAreDistinct,
  plain,
} from './answers.ts';
import * as prompts from './prompts.ts';
import { type Report, markdown } from './report.ts';

/** The most output tokens of a call: a hold is taken for all of them. */
const SCOPE_TOKENS = 1600;
const AREA_TOKENS = 2000;
/** What a requirement with its criteria takes of them. */
const REQUIREMENT_TOKENS = 150;
/** The wording and the schema of a request, in bytes, beside the standing instructions and what is known so far. */
const WORDING_BYTES = 3000;

interface Payload {
  brief: string;
  constraints?: string;
}

/** Does a job. */
export function run(host: Host, action: string, payload: unknown): Report {
  if (action !== 'analyze') throw new Failure('invalid-input', `there is no action \`${action}\`; there is \`analyze\``);
  const { host: counting, spent } = counted(host);
  return new Analysis(counting, payload as Payload).run(spent);
}

class Analysis {
  private host: Host;
  private missing: Missing;
  private material: TextFile[];
  private system: string;
  private requirements: (Requirement & { area: string })[] = [];

  constructor(host: Host, { brief, constraints }: Payload) {
    this.host = host;
    this.missing = new Missing(host);
    const said = [textFile(prompts.BRIEF, brief), textFile(prompts.CONSTRAINTS, constraints ?? '')];
    this.material = [...said.filter(({ text }) => text.trim() !== ''), ...readTexts(host, this.missing)];
    if (brief.trim() === '') throw new Failure('invalid-input', '`brief` is blank; say there what is wanted');
    this.system = prompts.system(host.setting('house_rules'));
  }

  run(spent: () => Spent): Report {
    this.host.progress(0.05, 'Working out the scope');
    const scope = this.scope();
    this.host.log(`the scope has ${count(scope.areas.length, 'area')}: ${scope.areas.map(({ name }) => name).join(', ')}`);
    this.areas(scope);
    return this.deliver(scope, spent());
  }

  private scope(): Scope {
    const first = this.ask(SCOPE_TOKENS, prompts.scope, (reply) => {
      if (isCut(reply)) return { scope: cutScope(reply), cut: true };
      const scope = parseJson<Scope>(textOf(reply), SCOPE_SCHEMA);
      areasAreDistinct(scope);
      return { scope, cut: false };
    });
    return first.cut ? this.restOf(first.scope) : first.scope;
  }

  /** Asks once for what is left of a scope that was cut. */
  private restOf(scope: Scope): Scope {
    this.host.log('the scope was cut; asking for the rest');
    try {
      const { rest, cut } = this.ask(SCOPE_TOKENS, (setting) => prompts.restOfScope(setting, scope), (reply) => {
        if (isCut(reply)) return { rest: kept(readCut(textOf(reply)), REST_SCHEMA), cut: true };
        return { rest: parseJson<Partial<Scope>>(textOf(reply), REST_SCHEMA), cut: false };
      });
      if (cut) this.missing.note('the scope was cut twice: areas, assumptions or open questions may be missing');
      return joined(scope, rest);
    } catch (error) {
      if (!isLast(error)) throw error;
      this.missing.note(`the scope was cut, and the rest of it is missing: ${error.message}`);
      return joined(scope, {});
    }
  }

  private areas(scope: Scope): void {
    for (const [index, area] of scope.areas.entries()) {
      this.host.progress(0.2 + (0.7 * index) / scope.areas.length, `Requirements: ${area.name}`);
      try {
        this.area(scope, area);
      } catch (error) {
        if (!isLast(error)) throw error;
        const spent = error.kind === 'over-budget';
        const left = spent ? scope.areas.slice(index) : [area];
        for (const { name } of left) {
          const some = this.requirements.some((requirement) => requirement.area === name);
          this.missing.note(`${some ? 'further requirements' : 'requirements'} of the area "${name}": ${error.message}`);
        }
        if (spent) return;
      }
    }
  }

  /** Asks for the requirements of an area, and once more where the answer was cut. */
  private area(scope: Scope, area: Area): void {
    for (let part = 1; ; part++) {
      const written = this.requirements.map(({ statement }) => statement);
      const tokens = Math.min(AREA_TOKENS, this.host.allowance().max_output_tokens);
      const most = Math.max(2, Math.floor(tokens / REQUIREMENT_TOKENS / part));
      const { found, cut } = this.ask(AREA_TOKENS, (setting) => prompts.area(setting, scope, area, written, most), (reply) => {
        if (isCut(reply)) return { found: kept(readCut(textOf(reply)), AREA_SCHEMA).requirements ?? [], cut: true };
        return { found: parseJson<{ requirements: Requirement[] }>(textOf(reply), AREA_SCHEMA).requirements, cut: false };
      });
      this.add(area, found);
      if (!cut) return;
      if (part === 2) return this.missing.note(`requirements of the area "${area.name}" may be missing: the answer was cut twice`);
      this.host.log(`the answer on "${area.name}" was cut after ${count(found.length, 'requirement')}; asking for the rest`);
    }
  }

  /** Takes requirements over, those that are there already left out. */
  private add({ name }: Area, found: Requirement[]): void {
    const known = new Set(this.requirements.map(({ statement }) => plain(statement)));
    for (const requirement of found) {
      const statement = plain(requirement.statement);
      if (known.has(statement)) this.host.log(`left out, since it is there already: ${requirement.statement}`);
      else this.requirements.push({ ...requirement, area: name });
      known.add(statement);
    }
  }

  /** Asks with as much of the material as has room. */
  private ask<T>(most: number, make: (setting: prompts.Setting) => Request, read: (reply: Reply) => T): T {
    const left = this.host.allowance();
    const tokens = Math.min(most, left.max_output_tokens);
    const fixed = byteLength(this.system) + WORDING_BYTES + prompts.SO_FAR_BYTES;
    // The same for every call, so that all see the same of the material.
    const room = roomFor(left, fixed, Math.min(AREA_TOKENS, left.max_output_tokens));
    return withRoom(this.material, room, this.missing, (material) => {
      if (material[0]?.name !== prompts.BRIEF) {
        throw new Failure('invalid-input', 'a call has no room for the brief; raise max_input_tokens, or give fewer files');
      }
      return askAndRead(this.host, make({ system: this.system, material, tokens }), read);
    });
  }

  private deliver(scope: Scope, spent: Spent): Report {
    this.host.progress(0.95, 'Handing over');
    const { summary, assumptions, open_questions, out_of_scope } = scope;
    const numbered = this.requirements.map((requirement, index) => ({ id: `R${index + 1}`, ...requirement }));
    const report: Report = {
      summary,
      requirements: numbered.map(({ id, kind, statement, priority, acceptance }) => ({ id, kind, statement, priority, acceptance })),
      assumptions,
      open_questions,
      out_of_scope,
      complete: this.missing.sentences.length === 0,
      missing: this.missing.sentences,
      files: ['requirements.md', 'requirements.json'],
      ...spent,
    };
    const { files: _, calls: __, cost_usd: ___, ...said } = report;
    this.host.artifact('requirements.md', 'text/markdown', markdown(report, numbered.map(({ area }) => area)));
    this.host.artifact('requirements.json', 'application/json', `${JSON.stringify(said, null, 2)}\n`);
    this.host.progress(1, `${count(numbered.length, 'requirement')}, ${count(open_questions.length, 'open question')}`);
    return report;
  }
}

/** What is complete of a scope that was cut. The summary comes first: an answer without it is of no use. */
function cutScope(reply: Reply): Scope {
  const found = kept(readCut(textOf(reply)), SCOPE_SCHEMA) as Partial<Scope>;
  if (!found.summary) throw new Failure('final', 'the scope was cut before it was of use; raise max_output_tokens');
  return { areas: [], assumptions: [], open_questions: [], out_of_scope: [], ...found, summary: found.summary };
}

/** The members of a cut answer that keep to the schema; of lists, the items that do. */
function kept(value: unknown, schema: Json): any {
  const members = Object.entries(schema.properties as Record<string, Json>).flatMap(([name, member]) => {
    const found = (value as Json | null | undefined)?.[name];
    if (member.type !== 'array') return faults(member, found).length === 0 ? [[name, found]] : [];
    const items = Array.isArray(found) ? found.filter((item) => faults(member.items as Json, item).length === 0) : [];
    return [[name, items]];
  });
  return Object.fromEntries(members);
}

/** A scope and what was missing of it, each thing once. */
function joined(scope: Scope, rest: Partial<Scope>): Scope {
  const both = <T>(list: T[], more: T[] | undefined, key: (item: T) => string): T[] => {
    const seen = new Set<string>();
    return [...list, ...(more ?? [])].filter((item) => !seen.has(plain(key(item))) && seen.add(plain(key(item))));
  };
  const areas = both(scope.areas, rest.areas, ({ name }) => name).slice(0, MOST_AREAS);
  return {
    summary: scope.summary,
    areas: areas.length > 0 ? areas : [{ name: 'Requirements', covers: 'All that the brief asks for.' }],
    assumptions: both(scope.assumptions, rest.assumptions, (text) => text),
    open_questions: both(scope.open_questions, rest.open_questions, ({ question }) => question),
    out_of_scope: both(scope.out_of_scope, rest.out_of_scope, (text) => text),
  };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

