// What an agent sees of the host, for people and their editors. Requests and replies are objects as the Messages API has
// them. What else the contract has (`wit/`) is added in `sandbox.js`.

/**
 * @typedef {object} Host
 * @property {(request: object) => object} complete Asks Claude and waits. A reply has `content`, `stop_reason`, `model` and
 *   `cost_nanodollars`. Throws a `CallError`.
 * @property {() => object} allowance What the job may still spend: `job_nanodollars`, `window_nanodollars`, `calls`,
 *   `max_input_tokens` and `max_output_tokens` of one call, `pressure` (0 to 1).
 * @property {(fraction: number, line: string) => void} progress Moves the bar: 0 to 1, and a line of at most 200 characters.
 * @property {(line: string, level?: 'debug' | 'info' | 'warn' | 'error') => void} log Writes to the job's log. There is no
 *   `console`.
 * @property {() => { name: string, media_type: string, size: number }[]} inputs The files that the job was submitted with.
 * @property {(name: string) => Uint8Array} input Reads one of them, whole. Throws a `Failure`.
 * @property {(name: string, media_type: string, content: string | Uint8Array) => void} artifact Hands over a file; one of the
 *   same name is replaced. Throws an `Error` that says what is wrong with it.
 * @property {(key: string) => string | undefined} setting What the host's owner set for this agent.
 * @property {(question: object) => { value: any, who?: string }} ask Asks a person and waits, parked: `prompt`, `details`,
 *   `choices`, `schema`, `time_limit_ms`, `default`. Throws an `AskError`.
 * @property {(task: object) => object} runTask Has another agent do a task and waits, parked: `agent`, `action`, `payload`,
 *   `max_cost_nanodollars`. What is done has `job_id`, `result`, `artifacts`, `cost_nanodollars`. Throws a `TaskError`.
 * @property {(job_id: string, name: string) => Uint8Array} taskFile Reads a file of a task that was done. Throws a `Failure`.
 */
