// The host's functions, and the job's failure.

import { Json } from './json';
import { end, lineIn, lineOut } from './lines';

/**
 * Ends the job without a result: `return fail<Json>(…)`, with the type that is to be returned.
 *
 * The kinds `invalid-input`, `over-budget` and `final` are not tried again; `bad-reply` and `internal` are.
 */
export function fail<T>(kind: string, message: string): T {
  end(kind, message);
  return unreachable();
}

/** What a call gave. */
export class Answer {
  constructor(
    readonly ok: Json,
    readonly failed: bool,
    /** The kind of the call's error, by the protocol; of a file it has none. */
    readonly kind: string,
    readonly message: string,
  ) {}
}

/** Calls a function of the protocol by its name. */
export function tryCall(name: string, fields: Json): Answer {
  lineOut(name, fields);
  const said = Json.parse(lineIn());
  if (!said) return fail<Answer>('internal', 'the host said what is no JSON');
  if (!said.has('error')) return new Answer(said.get('ok'), false, '', '');
  const error = said.get('error');
  return new Answer(
    Json.nothing(),
    true,
    error.get('kind').text,
    error.has('message') ? error.get('message').text : error.text,
  );
}

/** Calls a function of the protocol by its name. Its error is the job's failure. */
export function call(name: string, fields: Json): Json {
  const answer = tryCall(name, fields);
  return answer.failed ? fail<Json>(kindOf(answer.kind), answer.message) : answer.ok;
}

/** The job's failure for a call's error. */
function kindOf(call: string): string {
  if (call == 'over-budget' || call == 'calls-exhausted') return 'over-budget';
  if (call == 'too-large') return 'invalid-input';
  if (call == 'invalid-request' || call == 'unbounded-content') return 'final';
  return 'internal';
}

/** Tells how far the job is: a fraction from 0 to 1 and a line. */
export function progress(fraction: f64, line: string): void {
  call('job.progress', Json.object().set('fraction', Json.number(fraction)).set('line', Json.of(line)));
}

/** Writes a line to the job's log: `debug`, `info`, `warn` or `error`. */
export function log(line: string, level: string = 'info'): void {
  call('job.log', Json.object().set('level', Json.of(level)).set('line', Json.of(line)));
}

/** Hands over a file of text. */
export function artifact(name: string, mediaType: string, text: string): void {
  const file = Json.object()
    .set('name', Json.of(name))
    .set('media_type', Json.of(mediaType))
    .set('text', Json.of(text));
  call('job.artifact', file);
}

/** What the host's owner set for this agent; `Json.nothing()` where nothing was set. */
export function setting(key: string): Json {
  return call('settings.get', Json.object().set('key', Json.of(key)));
}
