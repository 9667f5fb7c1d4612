// What an agent sees of the host. Requests and replies are objects as the Messages API has them.

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
  stop_sequences?: string[];
  cacheable?: boolean;
  options?: Json;
}

export interface Reply {
  content: Block[];
  stop_reason: string;
  model: string;
  /** What it cost, in nano-dollars (10^-9 US dollars). */
  cost_nanodollars: number;
}

/** What the job may still spend. */
export interface Allowance {
  job_nanodollars: number;
  window_nanodollars: number;
  calls: number;
  /** The most input tokens of one call. */
  max_input_tokens: number;
  /** The most output tokens of one call. */
  max_output_tokens: number;
  /** How full the fullest window of the host is, 0 to 1. */
  pressure: number;
}

/** A file that the job was submitted with. Name and media type are what whoever submitted it called it. */
export interface InputFile {
  name: string;
  media_type: string;
  /** Bytes. */
  size: number;
}

/** A question to a person. With choices the answer is the `value` of one; with a schema, JSON that matches; else a text. */
export interface Question {
  prompt: string;
  /** What it takes to answer it, in Markdown. */
  details?: string;
  choices?: { value: string; label?: string }[];
  schema?: Json;
  time_limit_ms?: number;
  /** What counts as the answer when the time is over. */
  default?: unknown;
}

export interface Answer {
  value: unknown;
  /** None: nobody answered in time, and it is the default. */
  who?: string;
}

/** What another agent is to do. */
export interface Task {
  agent: string;
  action: string;
  payload: unknown;
  /** When absent: an equal share of half of what is left for this job. */
  max_cost_nanodollars?: number;
}

/** A task that was done. */
export interface Done {
  job_id: string;
  result: unknown;
  artifacts: { name: string; media_type: string; size: number }[];
  cost_nanodollars: number;
}

export interface Description {
  name: string;
  version: string;
  summary: string;
  effort: 'simple' | 'standard' | 'complex';
  model_floor?: 'haiku' | 'sonnet' | 'opus';
  actions: { name: string; summary: string; input_schema: Json; output_schema: Json }[];
  /** `time_limit_s`, and `tool_loop` where Claude uses tools until a task is done. */
  extras?: Json;
}

/** The host's functions. What else the contract has (`wit/`) is added here and in `sandbox.ts`. */
export interface Host {
  /** Asks Claude and waits. Throws a `CallError`. */
  complete(request: Request): Reply;
  /** What the job may still spend. */
  allowance(): Allowance;
  /** Moves the bar: a fraction from 0 to 1, and a line of at most 200 characters. */
  progress(fraction: number, line: string): void;
  /** Writes to the job's log. There is no `console`. */
  log(line: string, level?: 'debug' | 'info' | 'warn' | 'error'): void;
  /** The files that the job was submitted with, by name. */
  inputs(): InputFile[];
  /** Reads one of them, whole. Throws a `Failure`. */
  input(name: string): Uint8Array;
  /** Hands over a file; one of the same name is replaced. Throws an `Error` that says what is wrong with it. */
  artifact(name: string, media_type: string, content: string | Uint8Array): void;
  /** What the host's owner set for this agent. */
  setting(key: string): string | undefined;
  /** Asks a person and waits, parked. Throws an `AskError`. */
  ask(question: Question): Answer;
  /** Has another agent do a task and waits, parked. Throws a `TaskError`. */
  runTask(task: Task): Done;
  /** Reads a file of a task that was done. Throws a `Failure`. */
  taskFile(job_id: string, name: string): Uint8Array;
}
