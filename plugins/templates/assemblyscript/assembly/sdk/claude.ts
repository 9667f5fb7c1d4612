// Asking Claude: for a text, for JSON, and once more where the answer is malformed.

import { call, fail, log } from './host';
import { Json } from './json';

/** A request of one turn. */
export function request(system: string, text: string): Json {
  return Json.object()
    .set('system', Json.of(system))
    .set('messages', Json.list().push(turn('user', Json.of(text))));
}

/** A turn: its content is a text or a list of blocks. */
export function turn(role: string, content: Json): Json {
  return Json.object().set('role', Json.of(role)).set('content', content);
}

/** Asks Claude and waits for the whole answer, as the protocol has it. */
export function ask(asked: Json): Json {
  return call('claude.complete', asked);
}

/** Asks for a text. */
export function complete(asked: Json): string {
  return whole(ask(asked)).get('text').text;
}

/**
 * Asks for JSON of a schema.
 *
 * `check` says what is wrong with an answer, or nothing (`''`). Where it says something, and where the answer is no JSON, Claude
 * is told and asked once more; a second such answer is a `bad-reply`.
 */
export function completeJson(asked: Json, schema: Json, check: (answer: Json) => string): Json {
  const format = Json.object().set('type', Json.of('json_schema')).set('schema', schema);
  asked.set('options', Json.object().set('output_config', Json.object().set('format', format)));
  const first = whole(ask(asked));
  const answer = read(first, check);
  if (answer.wrong == '') return answer.json;
  log(`repair: ${answer.wrong}`, 'warn');
  asked
    .get('messages')
    .push(turn('assistant', first.get('content')))
    .push(turn('user', Json.of(repair(answer.wrong))));
  const second = read(whole(ask(asked)), check);
  if (second.wrong == '') return second.json;
  return fail<Json>('bad-reply', `the answer was malformed, and again when it was sent back: ${second.wrong}`);
}

class Read {
  constructor(
    readonly json: Json,
    readonly wrong: string,
  ) {}
}

function read(reply: Json, check: (answer: Json) => string): Read {
  const answer = Json.parse(reply.get('text').text);
  return answer ? new Read(answer, check(answer)) : new Read(Json.nothing(), 'it is no JSON');
}

function repair(wrong: string): string {
  return (
    `Your answer cannot be used: ${wrong}.\n\nGive the whole answer once more, with that mended: JSON of the schema that was ` +
    'asked for, and nothing else.'
  );
}

/** An answer that was cut or refused is none. */
export function whole(reply: Json): Json {
  const reason = reply.get('stop_reason').text;
  if (reason == 'refusal') return fail<Json>('final', 'Claude refused to answer');
  // The API gains reasons: each but those that are known for an end is a cut.
  if (reason == 'end_turn' || reason == 'stop_sequence') return reply;
  return fail<Json>('bad-reply', `the answer was cut (${reason}); more tokens a call may help`);
}
