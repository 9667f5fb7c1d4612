// The host's functions that `sandbox.ts` imports. All of them, in words, are in `wit/`.

declare module 'anvil:agent/claude@0.1.0' {
  export type Extra = { name: string; value: string };
  export type ContentBlock =
    | { tag: 'text'; val: string }
    | { tag: 'tool-use'; val: { id: string; name: string; input: string } }
    | { tag: 'tool-result'; val: { toolUseId: string; content: string; isError: boolean } }
    | { tag: 'thinking'; val: { text: string; signature: string } }
    | { tag: 'other'; val: string };
  export interface Request {
    system: string | undefined;
    messages: { role: 'user' | 'assistant'; content: ContentBlock[] }[];
    tools: { name: string; description: string; inputSchema: string }[];
    effort: 'simple' | 'standard' | 'complex' | undefined;
    maxOutputTokens: number | undefined;
    stopSequences: string[];
    cacheable: boolean;
    options: Extra[];
  }
  export interface Reply {
    content: ContentBlock[];
    stopReason: string;
    model: string;
    costNanodollars: number;
  }
  export interface Remaining {
    jobNanodollars: number;
    windowNanodollars: number;
    calls: number;
    maxInputTokens: number;
    maxOutputTokens: number;
    pressure: number;
  }
  /** Throws an error whose `payload` is a `call-error`. */
  export function complete(request: Request): Reply;
  export function allowance(): Remaining;
}

declare module 'anvil:agent/job@0.1.0' {
  export function progress(fraction: number, line: string): void;
  export function log(level: 'debug' | 'info' | 'warn' | 'error', line: string): void;
  /** Throws an error whose `payload` is the reason. */
  export function artifact(name: string, mediaType: string, bytes: Uint8Array): void;
  export function inputs(): { name: string; mediaType: string; size: number }[];
  /** Throws an error whose `payload` is the reason. */
  export function input(name: string): Uint8Array | number[];
}

declare module 'anvil:agent/settings@0.1.0' {
  export function get(key: string): string | null;
}

declare module 'anvil:agent/people@0.1.0' {
  import type { Extra } from 'anvil:agent/claude@0.1.0';
  export interface Question {
    prompt: string;
    details: string | undefined;
    choices: { value: string; label: string | undefined; extras: Extra[] }[];
    schema: string | undefined;
    timeLimitMs: number | undefined;
    default: string | undefined;
    extras: Extra[];
  }
  /** Throws an error whose `payload` is an `ask-error`. */
  export function ask(question: Question): { value: string; who: string | null };
}

declare module 'anvil:agent/team@0.1.0' {
  import type { Extra } from 'anvil:agent/claude@0.1.0';
  export interface Task {
    agent: string;
    action: string;
    payload: string;
    maxCostNanodollars: number | undefined;
    extras: Extra[];
  }
  export interface Done {
    jobId: string;
    result: string;
    artifacts: { name: string; mediaType: string; size: number }[];
    costNanodollars: number;
  }
  /** Throws an error whose `payload` is a `failure`. */
  export function run(task: Task): Done;
  /** Throws an error whose `payload` is the reason. */
  export function artifact(jobId: string, name: string): Uint8Array | number[];
}
