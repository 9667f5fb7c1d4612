// The tool loop.

import { ask, turn, whole } from './claude';
import { fail } from './host';
import { Json } from './json';

/** What a tool gave. */
export class Used {
  private constructor(
    readonly content: string,
    readonly isError: bool,
  ) {}

  static well(content: string): Used {
    return new Used(content, false);
  }

  /** Claude is told, and may try again. */
  static badly(why: string): Used {
    return new Used(why, true);
  }
}

/** What Claude is told of a tool, and what it does. `schema` is the JSON Schema of its input. */
export abstract class Tool {
  constructor(
    readonly name: string,
    readonly description: string,
    readonly schema: Json,
  ) {}

  abstract run(input: Json): Used;
}

/**
 * Asks Claude with tools, runs those that it uses, and asks again, until it answers without one.
 *
 * After `maxTurns` questions without such an answer the job fails; so it does when its budget is spent.
 */
export function toolLoop(asked: Json, tools: Tool[], maxTurns: i32): Json {
  const declared = Json.list();
  for (let n = 0; n < tools.length; n++) {
    const tool = Json.object().set('name', Json.of(tools[n].name)).set('description', Json.of(tools[n].description));
    declared.push(tool.set('input_schema', tools[n].schema));
  }
  asked.set('tools', declared);
  for (let asking = 0; asking < maxTurns; asking++) {
    const reply = ask(asked);
    const blocks = reply.get('content');
    const results = Json.list();
    for (let n = 0; n < blocks.length; n++) {
      if (blocks.at(n).get('type').text == 'tool_use') results.push(result(blocks.at(n), tools));
    }
    if (results.length == 0) return whole(reply);
    asked.get('messages').push(turn('assistant', blocks)).push(turn('user', results));
  }
  return fail<Json>('final', `there was no answer after ${maxTurns.toString()} turns`);
}

function result(use: Json, tools: Tool[]): Json {
  const name = use.get('name').text;
  let used = Used.badly(`there is no tool ${name}`);
  for (let n = 0; n < tools.length; n++) {
    if (tools[n].name == name) used = tools[n].run(use.get('input'));
  }
  const block = Json.object().set('type', Json.of('tool_result')).set('tool_use_id', use.get('id'));
  return block.set('content', Json.of(used.content)).set('is_error', Json.truth(used.isError));
}
