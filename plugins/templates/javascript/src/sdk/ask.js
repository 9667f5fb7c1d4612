// Asking Claude: for a text, for JSON, and once more where the answer is malformed.

import { DEEPEST, tooDeep } from './cut.js';
import { Failure } from './failure.js';
import { faults, forClaude } from './schema.js';

/** What is wrong with an answer. Claude is told, and may answer once more. */
export class Malformed extends Error {}

/** A request of one turn. */
export function request(system, text, more = {}) {
  return { system, messages: [{ role: 'user', content: [{ type: 'text', text }] }], ...more };
}

/** Asks for a text and gives a text. */
export function complete(host, system, text, more = {}) {
  return textOf(whole(host.complete(request(system, text, more))));
}

/** Asks for JSON of a schema. `check` throws `Malformed` where the schema alone does not say what is wrong. */
export function completeJson(host, system, text, schema, more = {}, check = () => {}) {
  return askAndRead(host, jsonRequest(system, text, schema, more), (reply) => {
    const value = parseJson(textOf(whole(reply)), schema);
    check(value);
    return value;
  });
}

/** A request whose answer is JSON of a schema. */
export function jsonRequest(system, text, schema, more = {}) {
  const options = { ...more.options, output_config: { format: { type: 'json_schema', schema: forClaude(schema) } } };
  return request(system, text, { ...more, options });
}

/** The value of a JSON text, which may stand in a fence. Throws `Malformed`. */
export function parseJson(text, schema) {
  const bare = /^\s*```(?:json)?\s*\n([\s\S]*?)\n```\s*$/.exec(text)?.[1] ?? text;
  if (tooDeep(bare)) throw new Malformed(`the answer has more than ${DEEPEST} lists and objects within each other`);
  let value;
  try {
    value = JSON.parse(bare);
  } catch {
    throw new Malformed(text.trim() === '' ? 'the answer is empty' : 'the answer is not JSON');
  }
  return ofSchema(value, schema);
}

/** A value that keeps to a schema. Throws `Malformed`. */
export function ofSchema(value, schema) {
  const found = faults(schema, value);
  if (found.length > 0) throw new Malformed(found.join('; '));
  return value;
}

/**
 * Asks, and reads the answer by `read`. Where that throws `Malformed`, the conversation goes on by one turn that says what
 * is wrong (`repair: …` in the log); a second malformed answer is the failure `bad-reply`.
 */
export function askAndRead(host, first, read) {
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
export function repair(why) {
  return `This answer cannot be used: ${why}. Answer again, whole, in the form that was asked for, and with nothing else.`;
}

/** The request of the turn after a reply. */
export function goOn(first, reply, text) {
  const said = reply.content.filter((block) => block.type !== 'tool_use' && !isBlank(block));
  const answer = said.some((block) => block.type === 'text') ? [{ role: 'assistant', content: said }] : [];
  return { ...first, messages: [...first.messages, ...answer, { role: 'user', content: [{ type: 'text', text }] }] };
}

function isBlank(block) {
  return block.type === 'text' && block.text.trim() === '';
}

/** The texts of a reply. It may hold other blocks beside them, such as Claude's reasoning. */
export function textOf(reply) {
  return reply.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

/**
 * Whether a reply ended before Claude was done. `max_tokens` is one reason of several, and the API gains others: each but those
 * that are known for an end says so. A refusal is none of them; see `accepted`.
 */
export function isCut(reply) {
  return !['end_turn', 'stop_sequence', 'refusal'].includes(reply.stop_reason);
}

/** An answer that was cut or refused is none. */
export function whole(reply) {
  if (isCut(reply))
    throw new Failure('bad-reply', `the answer was cut (${reply.stop_reason}); more tokens a call may help`);
  return accepted(reply);
}

/** An answer that was refused is none. */
export function accepted(reply) {
  if (reply.stop_reason === 'refusal') throw new Failure('final', 'Claude refused to answer');
  return reply;
}

/** A host that counts the calls that are made through it. */
export function counted(host) {
  let [calls, nanodollars] = [0, 0];
  const complete = (request) => {
    const reply = host.complete(request);
    calls += 1;
    nanodollars += reply.cost_nanodollars;
    return reply;
  };
  return { host: { ...host, complete }, spent: () => ({ calls, cost_usd: nanodollars / 1e9 }) };
}
