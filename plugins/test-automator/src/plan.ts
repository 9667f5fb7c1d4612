// Claude's plan: test files, the cases of each, and what stays untested.

import { type Json, Malformed, faults, readCut } from '../../templates/typescript/src/sdk/index.ts';
import { badPath } from './paths.ts';

export interface Case {
  target: string;
  case: string;
  kind: 'unit' | 'integration' | 'property';
}

export interface TestFile {
  path: string;
  /** The files that it tests. */
  sources: string[];
  cases: Case[];
}

export interface Untested {
  target: string;
  why: string;
}

export interface Plan {
  framework: string;
  run: string;
  files: TestFile[];
  untested: Untested[];
}

const text = (maxLength: number): Json => ({ type: 'string', minLength: 1, maxLength });

function object(properties: Record<string, Json>): Json {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

const CASE = object({
  target: text(200),
  case: text(500),
  kind: { type: 'string', enum: ['unit', 'integration', 'property'] },
});

const UNTESTED = object({ target: text(200), why: text(500) });

/** A test file of code whose files have these names. */
function file(known: string[]): Json {
  return object({
    path: text(200),
    sources: { type: 'array', items: { type: 'string', enum: known }, minItems: 1, maxItems: 20 },
    cases: { type: 'array', items: CASE, minItems: 1, maxItems: 20 },
  });
}

export function planSchema(known: string[]): Json {
  return object({
    framework: text(100),
    run: text(300),
    files: { type: 'array', items: file(known), minItems: 1, maxItems: 40 },
    untested: { type: 'array', items: UNTESTED, maxItems: 40 },
  });
}

/** What is left of a plan that was cut: it may be nothing. */
export function restSchema(known: string[]): Json {
  return object({
    files: { type: 'array', items: file(known), maxItems: 40 },
    untested: { type: 'array', items: UNTESTED, maxItems: 40 },
  });
}

/**
 * Whether the files of a plan can be written: their names are names, each once. What they test, the schema says. Names that
 * differ in case alone are one: on many disks they are one file.
 */
export function filesAreSound(files: TestFile[], known: string[], planned: TestFile[] = []): void {
  const code = new Map(known.map((path) => [oneCase(path), path]));
  const taken = new Map(planned.map(({ path }) => [oneCase(path), path]));
  for (const { path } of files) {
    const bad = badPath(path);
    if (bad) throw new Malformed(`the path ${JSON.stringify(path)} is none: ${bad}`);
    const [of, other] = [code.get(oneCase(path)), taken.get(oneCase(path))];
    if (of !== undefined) throw new Malformed(`${path} is the code itself${alike(path, of)}, and would be written over`);
    if (other !== undefined) throw new Malformed(`${path} comes twice${alike(path, other)}`);
    taken.set(oneCase(path), path);
  }
}

/** A name as disks that know no case compare it. */
function oneCase(path: string): string {
  return path.normalize('NFC').toUpperCase().toLowerCase();
}

function alike(path: string, other: string): string {
  return path === other ? '' : ` (${other}: on many disks names that differ in case alone are one)`;
}

/** What is complete of a plan that was cut; none where it has no whole test file. The last file may lack cases. */
export function cutPlan(text: string, known: string[]): Plan | undefined {
  const found = (readCut(text) ?? {}) as Partial<Plan>;
  const { framework, run } = found;
  if (typeof framework !== 'string' || typeof run !== 'string') return undefined;
  const files = keptFiles(found, known, []);
  if (files.length === 0 || framework === '' || run === '') return undefined;
  return { framework, run, files, untested: keptUntested(found) };
}

/** What is complete of the rest of a plan, which was cut as well. */
export function cutRest(text: string, known: string[], planned: TestFile[]): Pick<Plan, 'files' | 'untested'> {
  const found = (readCut(text) ?? {}) as Partial<Plan>;
  return { files: keptFiles(found, known, planned), untested: keptUntested(found) };
}

function keptFiles(found: Partial<Plan>, known: string[], planned: TestFile[]): TestFile[] {
  const kept: TestFile[] = [];
  for (const one of Array.isArray(found.files) ? found.files : []) {
    const cases = Array.isArray(one?.cases) ? one.cases.filter((item) => faults(CASE, item).length === 0) : [];
    const whole = { ...one, cases };
    if (faults(file(known), whole).length > 0) continue;
    try {
      filesAreSound([whole], known, [...planned, ...kept]);
      kept.push(whole);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }
  return kept;
}

function keptUntested({ untested }: Partial<Plan>): Untested[] {
  return Array.isArray(untested) ? untested.filter((one) => faults(UNTESTED, one).length === 0) : [];
}
