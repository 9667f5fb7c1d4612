// The tool loop, and tools that are a person or another agent.

import { whole } from './ask.ts';
import { AskError, Failure, TaskError } from './failure.ts';
import type { Block, Host, Json, Reply, Request } from './host.ts';

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

/** A tool by which Claude asks whoever runs the host. That nobody answers in time is told to Claude. */
export function personTool(host: Host, description: string, time_limit_ms?: number): Tool {
  return {
    name: 'ask_person',
    description,
    input_schema: {
      type: 'object',
      additionalProperties: false,
      required: ['question'],
      properties: {
        question: { type: 'string', description: 'One question, which can be understood without the conversation.' },
        details: { type: 'string', description: 'What it takes to answer it, in Markdown.' },
      },
    },
    run({ question, details }: { question: string; details?: string }) {
      try {
        return String(host.ask({ prompt: question, details, time_limit_ms }).value);
      } catch (error) {
        if (error instanceof AskError && error.asking !== 'internal') throw new Error(error.message);
        throw error;
      }
    },
  };
}

/** A tool by which Claude has another agent do one of its actions. That it could not is told to Claude. */
export function agentTool(
  host: Host,
  { agent, action, description, input_schema }: { agent: string; action: string; description: string; input_schema: Json },
): Tool {
  return {
    name: `${agent}_${action}`.slice(0, 64),
    description,
    input_schema,
    run(payload: unknown) {
      try {
        return JSON.stringify(host.runTask({ agent, action, payload }).result);
      } catch (error) {
        if (error instanceof TaskError) throw new Error(`${error.task}: ${error.message}`);
        throw error;
      }
    },
  };
}
