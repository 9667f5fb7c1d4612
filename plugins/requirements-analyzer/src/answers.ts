// What Claude answers: the shapes that are asked for, and what they have to keep.

import { type Json, Malformed } from '../../templates/typescript/src/sdk/index.ts';

export interface Area {
  name: string;
  covers: string;
}

export interface OpenQuestion {
  question: string;
  why: string;
}

/** What belongs to the work and what does not. */
export interface Scope {
  summary: string;
  areas: Area[];
  assumptions: string[];
  open_questions: OpenQuestion[];
  out_of_scope: string[];
}

export interface Requirement {
  kind: 'functional' | 'quality' | 'constraint';
  statement: string;
  priority: 'must' | 'should' | 'could';
  acceptance: string[];
}

/** The most areas; each is a call. */
export const MOST_AREAS = 6;

const text = (maxLength: number): Json => ({ type: 'string', minLength: 1, maxLength });
const list = (items: Json, maxItems: number): Json => ({ type: 'array', items, maxItems });

function object(properties: Record<string, Json>): Json {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

const AREA = object({ name: text(100), covers: text(800) });
const QUESTION = object({ question: text(800), why: text(800) });
const LISTS = {
  assumptions: list(text(800), 20),
  open_questions: list(QUESTION, 12),
  out_of_scope: list(text(800), 20),
};

export const SCOPE_SCHEMA = object({
  summary: text(2000),
  areas: { ...list(AREA, MOST_AREAS), minItems: 1 },
  ...LISTS,
});

/** What is left of a scope that was cut: it may be nothing. */
export const REST_SCHEMA = object({ areas: list(AREA, MOST_AREAS), ...LISTS });

export const REQUIREMENT = object({
  kind: { type: 'string', enum: ['functional', 'quality', 'constraint'] },
  statement: text(800),
  priority: { type: 'string', enum: ['must', 'should', 'could'] },
  acceptance: { ...list(text(800), 10), minItems: 1 },
});

export const AREA_SCHEMA = object({ requirements: list(REQUIREMENT, 40) });

/** Two areas of one name could not be told apart. */
export function areasAreDistinct({ areas }: { areas: Area[] }): void {
  const names = areas.map(({ name }) => plain(name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Malformed(`two areas have the name "${twice}"`);
}

/** A text as it is compared: what differs in case, spaces and the full stop alone says the same. */
export function plain(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').replace(/[\s.]+$/, '').trim();
}
