// Between an agent and the contract: the real host, seen from inside the sandbox, and the plugin that the host sees.

import * as claude from 'anvil:agent/claude@0.1.0';
import * as job from 'anvil:agent/job@0.1.0';
import * as people from 'anvil:agent/people@0.1.0';
import * as settings from 'anvil:agent/settings@0.1.0';
import * as team from 'anvil:agent/team@0.1.0';
import { AskError, CallError, Failure, TaskError } from './failure.ts';
import type { Block, Description, Host, Json } from './host.ts';
import { encode } from './text.ts';

const sandbox: Host = {
  complete(request) {
    const { content, stopReason, model, costNanodollars } = told(
      () =>
        claude.complete({
          system: request.system,
          messages: request.messages.map(({ role, content }) => ({ role, content: content.map(toWit) })),
          tools: (request.tools ?? []).map(({ name, description, input_schema }) => {
            return { name, description, inputSchema: JSON.stringify(input_schema) };
          }),
          effort: request.effort,
          maxOutputTokens: request.max_output_tokens,
          stopSequences: request.stop_sequences ?? [],
          cacheable: request.cacheable ?? true,
          options: extras(request.options ?? {}),
        }),
      (kind, message) => new CallError(kind, message),
    );
    return { content: content.map(fromWit), stop_reason: stopReason, model, cost_nanodollars: costNanodollars };
  },
  allowance() {
    const left = claude.allowance();
    return {
      job_nanodollars: left.jobNanodollars,
      window_nanodollars: left.windowNanodollars,
      calls: left.calls,
      max_input_tokens: left.maxInputTokens,
      max_output_tokens: left.maxOutputTokens,
      pressure: left.pressure,
    };
  },
  progress: (fraction, line) => job.progress(fraction, line),
  log: (line, level = 'info') => job.log(level, line),
  inputs: () => job.inputs().map(({ name, mediaType, size }) => ({ name, media_type: mediaType, size })),
  input: (name) => bytesOf(told(() => job.input(name), (_, message) => new Failure('internal', message))),
  artifact(name, media_type, content) {
    const bytes = typeof content === 'string' ? encode(content) : content;
    told(() => job.artifact(name, media_type, bytes), (_, message) => new Error(message));
  },
  setting: (key) => settings.get(key) ?? undefined,
  ask({ prompt, details, choices, schema, time_limit_ms, ...rest }) {
    const { value, who } = told(
      () =>
        people.ask({
          prompt,
          details,
          choices: (choices ?? []).map(({ value, label }) => ({ value, label, extras: [] })),
          schema: schema && JSON.stringify(schema),
          timeLimitMs: time_limit_ms,
          default: rest.default === undefined ? undefined : JSON.stringify(rest.default),
          extras: [],
        }),
      (kind, message) => new AskError(kind, message),
    );
    return { value: JSON.parse(value), who: who ?? undefined };
  },
  runTask({ agent, action, payload, max_cost_nanodollars: maxCostNanodollars }) {
    const done = told(
      () => team.run({ agent, action, payload: JSON.stringify(payload), maxCostNanodollars, extras: [] }),
      (kind, message) => new TaskError(kind, message),
    );
    return {
      job_id: done.jobId,
      result: JSON.parse(done.result),
      artifacts: done.artifacts.map(({ name, mediaType, size }) => ({ name, media_type: mediaType, size })),
      cost_nanodollars: done.costNanodollars,
    };
  },
  taskFile: (id, name) => bytesOf(told(() => team.artifact(id, name), (_, message) => new Failure('internal', message))),
};

/** What a plugin is made of. */
export interface Agent {
  description: Description;
  run(host: Host, action: string, payload: unknown): unknown;
}

/** The agent as the contract's `agent-api`. */
export function plugin({ description, run }: Agent) {
  return {
    describe() {
      const { actions, model_floor, extras: more, ...said } = description;
      return {
        ...said,
        modelFloor: model_floor,
        actions: actions.map(({ name, summary, input_schema, output_schema }) => {
          return { name, summary, inputSchema: JSON.stringify(input_schema), outputSchema: JSON.stringify(output_schema) };
        }),
        extras: extras(more ?? {}),
      };
    },

    run({ action, payload }: { action: string; payload: string }) {
      try {
        return { result: JSON.stringify(run(sandbox, action, JSON.parse(payload))), extras: [] };
      } catch (error) {
        if (error instanceof Failure) throw { kind: error.kind, message: error.message, extras: [] };
        job.log('error', `${error}\n${(error as Error).stack ?? ''}`);
        throw { kind: 'internal', message: String(error), extras: [] };
      }
    },
  };
}

/** What a host function gives; an error of the contract as the one that `failure` makes of its kind and message. */
function told<T>(call: () => T, failure: (kind: string, message: string) => Error): T {
  try {
    return call();
  } catch (error) {
    const said = (error as { payload?: string | { kind: string; message: string } }).payload;
    if (typeof said === 'string') throw failure('', said);
    throw said ? failure(said.kind, said.message) : error;
  }
}

function bytesOf(bytes: Uint8Array | number[]): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
}

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
