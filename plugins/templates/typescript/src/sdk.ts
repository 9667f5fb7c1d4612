// Helpers around the host. Nothing here is particular to one agent, and nothing needs a host: tests run it natively.
// Requests and replies are objects as the Messages API has them.

export type Json = Record<string, unknown>;

export type Block =
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: unknown }
  | { type: 'tool_result'; tool_use_id: string; content: string; is_error: boolean }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'other'; json: string };

export interface Message {
  role: 'user' | 'assistant';
  content: Block[];
}

export interface Request {
  system?: string;
  messages: Message[];
  tools?: { name: string; description: string; input_schema: Json }[];
  effort?: 'simple' | 'standard' | 'complex';
  max_output_tokens?: number;
  cacheable?: boolean;
  options?: Json;
}

export interface Reply {
  content: Block[];
  stop_reason: string;
  model: string;
}

export interface Description {
  name: string;
  version: string;
  summary: string;
  effort: 'simple' | 'standard' | 'complex';
  model_floor?: 'haiku' | 'sonnet' | 'opus';
  actions: { name: string; summary: string; input_schema: Json; output_schema: Json }[];
}

/** The host's functions. Add what your agent uses, here and in `plugin.ts`. `complete` throws a `CallError`. */
export interface Host {
  complete(request: Request): Reply;
  progress(fraction: number, line: string): void;
  log(line: string): void;
}

/**
 * Why the job has no result. `invalid-input`, `over-budget` and `final` are not tried again; `bad-reply` and `internal`
 * are. Any other error is `internal`.
 */
export class Failure extends Error {
  kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

const FAILURES: Record<string, string> = {
  'over-budget': 'over-budget',
  'calls-exhausted': 'over-budget',
  'too-large': 'invalid-input',
  'invalid-request': 'final',
  'unbounded-content': 'final',
};

/** A call to Claude without a reply. `call` is the call's own kind of error. */
export class CallError extends Failure {
  call: string;

  constructor(call: string, message: string) {
    super(FAILURES[call] ?? 'internal', message);
    this.call = call;
  }
}

/** A request of one turn. */
export function request(system: string, text: string, more: Partial<Request> = {}): Request {
  return { system, messages: [{ role: 'user', content: [{ type: 'text', text }] }], ...more };
}

/** Asks for a text and gives a text. */
export function complete(host: Host, system: string, text: string, more: Partial<Request> = {}): string {
  return textOf(whole(host.complete(request(system, text, more))));
}

/** Asks for JSON of a schema. */
export function completeJson<T>(
  host: Host,
  system: string,
  text: string,
  schema: Json,
  more: Partial<Request> = {},
): T {
  const options = { ...more.options, output_config: { format: { type: 'json_schema', schema } } };
  const answer = complete(host, system, text, { ...more, options });
  try {
    return JSON.parse(answer) as T;
  } catch (error) {
    throw new Failure('bad-reply', `the answer is not the JSON asked for: ${error}`);
  }
}

/** The texts of a reply. It may hold other blocks beside them, such as Claude's reasoning. */
export function textOf(reply: Reply): string {
  return reply.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

/** An answer that was cut or refused is none. */
function whole(reply: Reply): Reply {
  if (reply.stop_reason === 'max_tokens') throw new Failure('bad-reply', 'the answer was cut at its most tokens');
  if (reply.stop_reason === 'refusal') throw new Failure('final', 'Claude refused to answer');
  return reply;
}

/** A tool: what Claude is told of it, and the function that does it. What it throws is told to Claude, which may try
 * again; a `Failure` ends the job. */
export interface Tool {
  name: string;
  description: string;
  input_schema: Json;
  run(input: any): string;
}

/**
 * Asks Claude with tools, runs those that it uses, and asks again, until it answers without one.
 *
 * After `maxTurns` questions without such an answer the job fails; so it does when its budget is spent.
 */
export function toolLoop(host: Host, first: Request, tools: Tool[], maxTurns: number): Reply {
  const declared = tools.map(({ name, description, input_schema }) => ({ name, description, input_schema }));
  let messages = first.messages;
  for (let turn = 0; turn < maxTurns; turn++) {
    const reply = host.complete({ ...first, messages, tools: declared });
    const results = reply.content.flatMap((block) => (block.type === 'tool_use' ? [used(block, tools)] : []));
    if (results.length === 0) return whole(reply);
    messages = [...messages, { role: 'assistant', content: reply.content }, { role: 'user', content: results }];
  }
  throw new Failure('final', `there was no answer after ${maxTurns} turns`);
}

function used(use: { id: string; name: string; input: unknown }, tools: Tool[]): Block {
  const result = (content: string, is_error: boolean): Block => {
    return { type: 'tool_result', tool_use_id: use.id, content, is_error };
  };
  const tool = tools.find((tool) => tool.name === use.name);
  if (!tool) return result(`there is no tool ${use.name}`, true);
  try {
    return result(tool.run(use.input), false);
  } catch (error) {
    if (error instanceof Failure) throw error;
    return result(String(error), true);
  }
}
