// Asking Claude: for a text, for JSON, and once more where the answer is malformed.

import { DEEPEST, tooDeep } from './cut.ts';
import { Failure } from './failure.ts';
import type { Block, Host, Json, Reply, Request } from './host.ts';
import { faults, forClaude } from './schema.ts';

/** What is wrong with an answer. Claude is told, and may answer once more. */
export class Malformed extends Error {}

/** A request of one turn. */
export function request(system: string, text: string, more: Partial<Request> = {}): Request {
  return { system, messages: [{ role: 'user', content: [{ type: 'text', text }] }], ...more };
}

/** Asks for a text and gives a text. */
export function complete(host: Host, system: string, text: string, more: Partial<Request> = {}): string {
  return textOf(whole(host.complete(request(system, text, more))));
}

/** Asks for JSON of a schema. `check` throws `Malformed` where the schema alone does not say what is wrong. */
export function completeJson<T>(
  host: Host,
  system: string,
  text: string,
  schema: Json,
  more: Partial<Request> = {},
  check: (value: T) => void = () => {},
): T {
  return askAndRead(host, jsonRequest(system, text, schema, more), (reply) => {
    const value = parseJson<T>(textOf(whole(reply)), schema);
    check(value);
    return value;
  });
}

/** A request whose answer is JSON of a schema. */
export function jsonRequest(system: string, text: string, schema: Json, more: Partial<Request> = {}): Request {
  const options = { ...more.options, output_config: { format: { type: 'json_schema', schema: forClaude(schema) } } };
  return request(system, text, { ...more, options });
}

/** The value of a JSON text, which may stand in a fence. Throws `Malformed`. */
export function parseJson<T>(text: string, schema: Json): T {
  const bare = /^\s*```(?:json)?\s*\n([\s\S]*?)\n```\s*$/.exec(text)?.[1] ?? text;
  if (tooDeep(bare)) throw new Malformed(`the answer has more than ${DEEPEST} lists and objects within each other`);
  let value: unknown;
  try {
    value = JSON.parse(bare);
  } catch {
    throw new Malformed(text.trim() === '' ? 'the answer is empty' : 'the answer is not JSON');
  }
  return ofSchema<T>(value, schema);
}

/** A value that keeps to a schema. Throws `Malformed`. */
export function ofSchema<T>(value: unknown, schema: Json): T {
  const found = faults(schema, value);
  if (found.length > 0) throw new Malformed(found.join('; '));
  return value as T;
}

/**
 * Asks, and reads the answer by `read`. Where that throws `Malformed`, the conversation goes on by one turn that says what
 * is wrong (`repair: …` in the log); a second malformed answer is the failure `bad-reply`.
 */
export function askAndRead<T>(host: Host, first: Request, read: (reply: Reply) => T): T {
  const reply = accepted(host.complete(first));
  try {
    return read(reply);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    host.log(`repair: ${error.message}`, 'warn');
    const again = accepted(host.complete(goOn(first, reply, repair(error.message))));
    try {
      return read(again);
    } catch (second) {
      if (!(second instanceof Malformed)) throw second;
      throw new Failure('bad-reply', `the answer was malformed twice: ${second.message}`);
    }
  }
}

/** What Claude is told of a malformed answer. */
export function repair(why: string): string {
  return `This answer cannot be used: ${why}. Answer again, whole, in the form that was asked for, and with nothing else.`;
}

/** The request of the turn after a reply. */
export function goOn(first: Request, reply: Reply, text: string): Request {
  const said = reply.content.filter((block) => block.type !== 'tool_use' && !isBlank(block));
  const answer = said.some((block) => block.type === 'text') ? [{ role: 'assistant' as const, content: said }] : [];
  return { ...first, messages: [...first.messages, ...answer, { role: 'user', content: [{ type: 'text', text }] }] };
}

function isBlank(block: Block): boolean {
  return block.type === 'text' && block.text.trim() === '';
}

/** The texts of a reply. It may hold other blocks beside them, such as Claude's reasoning. */
export function textOf(reply: Reply): string {
  return reply.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

/**
 * Whether a reply ended before Claude was done. `max_tokens` is one reason of several, and the API gains others: each but those
 * that are known for an end says so. A refusal is none of them; see `accepted`.
 */
export function isCut(reply: Reply): boolean {
  return !['end_turn', 'stop_sequence', 'refusal'].includes(reply.stop_reason);
}

/** An answer that was cut or refused is none. */
export function whole(reply: Reply): Reply {
  if (isCut(reply)) throw new Failure('bad-reply', `the answer was cut (${reply.stop_reason}); more tokens a call may help`);
  return accepted(reply);
}

/** An answer that was refused is none. */
export function accepted(reply: Reply): Reply {
  if (reply.stop_reason === 'refusal') throw new Failure('final', 'Claude refused to answer');
  return reply;
}

/** The calls of a job that had a reply. */
export interface Spent {
  calls: number;
  /** What they cost, in US dollars. */
  cost_usd: number;
}

/** A host that counts the calls that are made through it. */
export function counted<H extends Host>(host: H): { host: H; spent: () => Spent } {
  let [calls, nanodollars] = [0, 0];
  const complete = (request: Request): Reply => {
    const reply = host.complete(request);
    calls += 1;
    nanodollars += reply.cost_nanodollars;
    return reply;
  };
  return { host: { ...host, complete }, spent: () => ({ calls, cost_usd: nanodollars / 1e9 }) };
}
