// The plugin: gives `agent.ts` to the host, and the host to `agent.ts`.

import * as claude from 'anvil:agent/claude@0.1.0';
import * as job from 'anvil:agent/job@0.1.0';
import * as agent from './agent.ts';
import { type Block, CallError, Failure, type Host, type Json, type Reply, type Request } from './sdk.ts';

/** The real host, seen from inside the sandbox. */
const sandbox: Host = {
  complete(request: Request): Reply {
    try {
      const { content, stopReason, model } = claude.complete({
        system: request.system,
        messages: request.messages.map(({ role, content }) => ({ role, content: content.map(toWit) })),
        tools: (request.tools ?? []).map(({ name, description, input_schema }) => {
          return { name, description, inputSchema: JSON.stringify(input_schema) };
        }),
        effort: request.effort,
        maxOutputTokens: request.max_output_tokens,
        stopSequences: [],
        cacheable: request.cacheable ?? true,
        options: extras(request.options ?? {}),
      });
      return { content: content.map(fromWit), stop_reason: stopReason, model };
    } catch (error) {
      const said = (error as { payload?: { kind: string; message: string } }).payload;
      throw said ? new CallError(said.kind, said.message) : error;
    }
  },
  progress: (fraction, line) => job.progress(fraction, line),
  log: (line) => job.log('info', line),
};

export const agentApi = {
  describe() {
    const { actions, model_floor, ...said } = agent.description;
    return {
      ...said,
      modelFloor: model_floor,
      actions: actions.map(({ name, summary, input_schema, output_schema }) => {
        return { name, summary, inputSchema: JSON.stringify(input_schema), outputSchema: JSON.stringify(output_schema) };
      }),
      extras: [],
    };
  },

  run({ action, payload }: { action: string; payload: string }) {
    try {
      return { result: JSON.stringify(agent.run(sandbox, action, JSON.parse(payload))), extras: [] };
    } catch (error) {
      if (error instanceof Failure) throw { kind: error.kind, message: error.message, extras: [] };
      job.log('error', `${error}\n${(error as Error).stack ?? ''}`);
      throw { kind: 'internal', message: String(error), extras: [] };
    }
  },
};

function extras(named: Json): claude.Extra[] {
  return Object.entries(named).map(([name, value]) => ({ name, value: JSON.stringify(value) }));
}

/** A block of the contract. */
function toWit(block: Block): claude.ContentBlock {
  switch (block.type) {
    case 'text':
      return { tag: 'text', val: block.text };
    case 'tool_use':
      return { tag: 'tool-use', val: { id: block.id, name: block.name, input: JSON.stringify(block.input) } };
    case 'tool_result': {
      const { tool_use_id: toolUseId, content, is_error: isError } = block;
      return { tag: 'tool-result', val: { toolUseId, content, isError } };
    }
    case 'thinking':
      return { tag: 'thinking', val: { text: block.thinking, signature: block.signature } };
    case 'other':
      return { tag: 'other', val: block.json };
  }
}

/** A block as the Messages API has it. */
function fromWit(block: claude.ContentBlock): Block {
  switch (block.tag) {
    case 'text':
      return { type: 'text', text: block.val };
    case 'tool-use':
      return { type: 'tool_use', ...block.val, input: JSON.parse(block.val.input) };
    case 'thinking':
      return { type: 'thinking', thinking: block.val.text, signature: block.val.signature };
    case 'other':
      return { type: 'other', json: block.val };
    default:
      throw new Failure('bad-reply', `Claude answered with a ${block.tag}`);
  }
}
