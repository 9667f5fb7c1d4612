// Helpers around the host. Nothing here is particular to one agent, and nothing needs a host: tests run it natively.
// Requests and replies are objects as the Messages API has them.

/**
 * Why the job has no result. `invalid-input`, `over-budget` and `final` are not tried again; `bad-reply` and `internal`
 * are. Any other error is `internal`.
 */
export class Failure extends Error {
  kind;
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

const FAILURES = {
  'over-budget': 'over-budget',
  'calls-exhausted': 'over-budget',
  'too-large': 'invalid-input',
  'invalid-request': 'final',
  'unbounded-content': 'final',
};

/** A call to Claude without a reply. `call` is the call's own kind of error. */
export class CallError extends Failure {
  call;
  constructor(call, message) {
    super(FAILURES[call] ?? 'internal', message);
    this.call = call;
  }
}

/** A request of one turn. */
export function request(system, text, more = {}) {
  return { system, messages: [{ role: 'user', content: [{ type: 'text', text }] }], ...more };
}

/** Asks for a text and gives a text. */
export function complete(host, system, text, more = {}) {
  return textOf(whole(host.complete(request(system, text, more))));
}

/** Asks for JSON of a schema. */
export function completeJson(host, system, text, schema, more = {}) {
  const options = { ...more.options, output_config: { format: { type: 'json_schema', schema } } };
  const answer = complete(host, system, text, { ...more, options });
  try {
    return JSON.parse(answer);
  } catch (error) {
    throw new Failure('bad-reply', `the answer is not the JSON asked for: ${error}`);
  }
}

/** The texts of a reply. It may hold other blocks beside them, such as Claude's reasoning. */
export function textOf(reply) {
  return reply.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

/** An answer that was cut or refused is none. */
function whole(reply) {
  if (reply.stop_reason === 'max_tokens')
    throw new Failure('bad-reply', 'the answer was cut at its most tokens');
  if (reply.stop_reason === 'refusal')
    throw new Failure('final', 'Claude refused to answer');
  return reply;
}

/**
 * Asks Claude with tools, runs those that it uses, and asks again, until it answers without one.
 *
 * After `maxTurns` questions without such an answer the job fails; so it does when its budget is spent.
 */
export function toolLoop(host, first, tools, maxTurns) {
  const declared = tools.map(({ name, description, input_schema }) => ({ name, description, input_schema }));
  let messages = first.messages;
  for (let turn = 0; turn < maxTurns; turn++) {
    const reply = host.complete({ ...first, messages, tools: declared });
    const results = reply.content.flatMap((block) => (block.type === 'tool_use' ? [used(block, tools)] : []));
    if (results.length === 0)
      return whole(reply);
    messages = [...messages, { role: 'assistant', content: reply.content }, { role: 'user', content: results }];
  }
  throw new Failure('final', `there was no answer after ${maxTurns} turns`);
}

function used(use, tools) {
  const result = (content, is_error) => {
    return { type: 'tool_result', tool_use_id: use.id, content, is_error };
  };
  const tool = tools.find((tool) => tool.name === use.name);
  if (!tool)
    return result(`there is no tool ${use.name}`, true);
  try {
    return result(tool.run(use.input), false);
  } catch (error) {
    if (error instanceof Failure)
      throw error;
    return result(String(error), true);
  }
}
