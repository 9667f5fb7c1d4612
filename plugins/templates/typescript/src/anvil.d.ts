// The host's functions that `plugin.ts` imports. All of them, in words, are in `wit/`.

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
  /** Throws an error whose `payload` is a `call-error`. */
  export function complete(request: Request): { content: ContentBlock[]; stopReason: string; model: string };
}

declare module 'anvil:agent/job@0.1.0' {
  export function progress(fraction: number, line: string): void;
  export function log(level: 'debug' | 'info' | 'warn' | 'error', line: string): void;
}
