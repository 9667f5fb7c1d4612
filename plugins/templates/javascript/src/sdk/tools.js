// The tool loop, and tools that are a person or another agent.

import { whole } from './ask.js';
import { AskError, Failure, TaskError } from './failure.js';

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
    if (results.length === 0) return whole(reply);
    messages = [...messages, { role: 'assistant', content: reply.content }, { role: 'user', content: results }];
  }
  throw new Failure('final', `there was no answer after ${maxTurns} turns`);
}

function used(use, tools) {
  const result = (content, is_error) => {
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
export function personTool(host, description, time_limit_ms) {
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
    run({ question, details }) {
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
export function agentTool(host, { agent, action, description, input_schema }) {
  return {
    name: `${agent}_${action}`.slice(0, 64),
    description,
    input_schema,
    run(payload) {
      try {
        return JSON.stringify(host.runTask({ agent, action, payload }).result);
      } catch (error) {
        if (error instanceof TaskError) throw new Error(`${error.task}: ${error.message}`);
        throw error;
      }
    },
  };
}
