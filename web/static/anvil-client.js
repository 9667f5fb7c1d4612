/**
 * A client for Anvil's REST API: one file, no dependencies, for Node (from 18 on) and for browsers.
 *
 *     import { Anvil } from "./anvil-client.js";        // Node: also require("./anvil-client.js"), from 20.19 on
 *
 *     const anvil = new Anvil();
 *     await anvil.initialize();
 *     const result = await anvil.submitJob({
 *       agentType: "code-generator", action: "generate", payload: { requirements: "Build a login form" },
 *     });
 *     console.log(result.state, anvil.getStatus().costTracker.dailySpend);
 *
 * In Node the host is found as the command line finds it: ANVIL_URL (http://127.0.0.1:8787 where it is not
 * set) and ANVIL_TOKEN. On a page of the host itself neither is needed: the session's cookie opens it.
 */

const DEFAULT_URL = "http://127.0.0.1:8787";
const FINAL = new Set(["succeeded", "failed", "cancelled"]);

/** What the host refused, or that it cannot be reached. */
export class AnvilError extends Error {
  /**
   * @param {string} message what is wrong and what to do
   * @param {{status?: number, problem?: object, retryAfter?: number, cause?: unknown}} [more]
   */
  constructor(message, more = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "AnvilError";
    /** The HTTP status; 0 where there was no answer. */
    this.status = more.status ?? 0;
    /** The host's problem document (RFC 9457), where it sent one. */
    this.problem = more.problem;
    /** Seconds after which it is worth trying again, where the host says so. */
    this.retryAfter = more.retryAfter;
  }
}

/** A job that ended without success. */
export class JobFailed extends AnvilError {
  /** @param {object} job the job as it stands */
  constructor(job) {
    const why = job.error ? `${job.error.kind}: ${job.error.message}` : `it was ${job.state}`;
    super(`the job ${job.id} did not succeed: ${why}`, { status: 200 });
    this.name = "JobFailed";
    /** The job as it stands. */
    this.job = job;
  }
}

/** A host, as one client sees it. */
export class Anvil {
  /** The errors, for those who have the class alone. */
  static AnvilError = AnvilError;
  static JobFailed = JobFailed;

  #url;
  #token;
  #fetch;
  #status;
  #every;
  #timer;

  /**
   * @param {object} [options]
   * @param {string} [options.url] where the host is
   * @param {string} [options.token] its token, or an API key
   * @param {number} [options.refreshMs] how often the status is read anew after `initialize`; 0: never
   * @param {typeof fetch} [options.fetch] in place of the global one
   */
  constructor({ url, token, refreshMs = 2000, fetch: fetcher } = {}) {
    const env = globalThis.process?.env ?? {};
    const page = globalThis.location?.origin;
    this.#url = String(url ?? env.ANVIL_URL ?? page ?? DEFAULT_URL).replace(/\/+$/, "");
    this.#token = token ?? env.ANVIL_TOKEN;
    this.#every = refreshMs;
    this.#fetch = fetcher ?? ((...args) => globalThis.fetch(...args));
  }

  /**
   * Connects: reads the status once, so that a wrong address or token is told here, and from then on every
   * `refreshMs`.
   * @returns {Promise<object>} the status
   */
  async initialize() {
    const status = await this.refresh();
    clearInterval(this.#timer);
    if (this.#every > 0) {
      // A host that is away for a moment leaves the last status in place.
      this.#timer = setInterval(() => this.refresh().catch(() => {}), this.#every);
      // The client keeps no program alive.
      this.#timer.unref?.();
    }
    return status;
  }

  /** Stops reading the status. */
  close() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * The status as it was last read, with `costTracker` over it; dollars and hours. What is spent includes
   * what is unknown.
   * @returns {object}
   */
  getStatus() {
    if (!this.#status) throw new AnvilError("call initialize() first: nothing is known of the host yet");
    return this.#status;
  }

  /**
   * Reads the status now.
   * @returns {Promise<object>} as {@link getStatus}
   */
  async refresh() {
    const status = await this.request("GET", "/api/v1/status");
    const { hour, day, month, week } = status.spend;
    this.#status = {
      ...status,
      costTracker: {
        hourlySpend: hour.spent_usd,
        dailySpend: day.spent_usd,
        monthlySpend: month.spent_usd,
        weeklyHours: week.hours,
        hourlyLimit: hour.limit_usd,
        dailyLimit: day.limit_usd,
        monthlyLimit: month.limit_usd,
        weeklyHoursLimit: week.limit_hours,
        held: day.held_usd,
        pressure: status.pressure,
        braked: status.brake.engaged,
      },
    };
    return this.#status;
  }

  /**
   * Submits a job and waits for its end.
   *
   * @param {object} job `agentType` or `agent`, `action`, `payload`; and whatever else the API takes:
   *   `priority`, `run_at`, `idempotency_key`, `max_cost_usd`, `tags`, …
   * @param {object} [options]
   * @param {{name: string, content: Blob | string | Uint8Array, type?: string}[]} [options.files] files that the agent reads
   * @param {boolean} [options.wait] false: answers the job as soon as it is taken in
   * @param {AbortSignal} [options.signal] ends the waiting; the job goes on
   * @param {(job: object) => void} [options.onChange] told the job whenever it has moved
   * @returns {Promise<object>} the job: `id`, `state`, `result`, `cost_usd`, …
   * @throws {JobFailed} where it ends without success
   * @throws {AnvilError} where it is refused
   */
  async submitJob(job, { files = [], wait = true, signal, onChange } = {}) {
    // A key of its own: where the answer is lost on its way, asking again makes no second job.
    const body = { idempotency_key: globalThis.crypto?.randomUUID?.(), ...job };
    const sent = files.length ? formOf(body, files) : body;
    const accepted = await this.#retried(() => this.request("POST", "/api/v1/jobs", { body: sent, signal }), signal);
    if (!wait) return accepted;
    const ended = await this.waitFor(accepted.id, { signal, onChange });
    if (ended.state !== "succeeded") throw new JobFailed(ended);
    return ended;
  }

  /**
   * Waits until a job has ended, however.
   * @param {string} id
   * @param {{signal?: AbortSignal, onChange?: (job: object) => void}} [options]
   * @returns {Promise<object>} the job
   */
  async waitFor(id, { signal, onChange } = {}) {
    let seen = "";
    for (let pause = 100; ; pause = Math.min(pause * 1.5, 2000)) {
      const job = await this.#retried(() => this.job(id, { signal }), signal);
      const now = JSON.stringify([job.state, job.progress, job.cost_usd, job.attempts, job.waiting_for]);
      if (now !== seen) {
        seen = now;
        pause = 100;
        onChange?.(job);
      }
      if (FINAL.has(job.state)) {
        // What it cost is in the status that is asked for next.
        if (this.#status) await this.refresh().catch(() => {});
        return job;
      }
      await sleep(pause, signal);
    }
  }

  /**
   * A job.
   * @param {string} id
   * @param {{signal?: AbortSignal}} [options]
   */
  job(id, options) {
    return this.request("GET", `/api/v1/jobs/${encodeURIComponent(id)}`, options);
  }

  /**
   * All jobs that match, the newest first; pages are asked for as they are needed.
   * @param {object} [filter] `state`, `agent`, `tag`, `q`, …, as the API takes them
   */
  async *jobs(filter = {}) {
    let after;
    do {
      const query = new URLSearchParams(after ? { ...filter, after } : filter);
      const page = await this.request("GET", `/api/v1/jobs?${query}`);
      yield* page.items;
      after = page.next;
    } while (after);
  }

  /** Stops a job. @param {string} id */
  cancelJob(id) {
    return this.request("POST", `/api/v1/jobs/${encodeURIComponent(id)}/cancel`);
  }

  /** Runs a failed or cancelled job again; what it paid for is kept. @param {string} id */
  retryJob(id) {
    return this.request("POST", `/api/v1/jobs/${encodeURIComponent(id)}/retry`);
  }

  /**
   * A job's files: their names, media types and sizes.
   * @param {string} id
   * @returns {Promise<object[]>}
   */
  async artifacts(id) {
    return (await this.request("GET", `/api/v1/jobs/${encodeURIComponent(id)}/artifacts`)).items;
  }

  /**
   * The bytes of one file.
   * @param {string} id the job
   * @param {string} name
   * @returns {Promise<Uint8Array>}
   */
  async artifact(id, name) {
    return this.#file(id, "artifacts", name);
  }

  /**
   * The bytes of one of the files that a job was submitted with; which those are, the job's `inputs` say.
   * @param {string} id the job
   * @param {string} name
   * @returns {Promise<Uint8Array>}
   */
  async input(id, name) {
    return this.#file(id, "inputs", name);
  }

  async #file(id, kind, name) {
    const path = name.split("/").map(encodeURIComponent).join("/");
    const answer = await this.#send("GET", `/api/v1/jobs/${encodeURIComponent(id)}/${kind}/${path}`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** The agents, with their actions. @returns {Promise<object[]>} */
  async agents() {
    return (await this.request("GET", "/api/v1/agents")).items;
  }

  /**
   * Any request to the API.
   * @param {string} method
   * @param {string} path
   * @param {{body?: unknown, signal?: AbortSignal}} [options]
   * @returns {Promise<any>} the answer's JSON
   */
  async request(method, path, options) {
    const answer = await this.#send(method, path, options);
    return answer.status === 204 ? undefined : answer.json();
  }

  async #send(method, path, { body, signal } = {}) {
    const headers = { accept: "application/json" };
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    // A form says by itself what it is, and where its parts end.
    const form = body instanceof FormData;
    if (body !== undefined && !form) headers["content-type"] = "application/json";
    let answer;
    try {
      const sent = body === undefined || form ? body : JSON.stringify(body);
      answer = await this.#fetch(this.#url + path, { method, headers, body: sent, signal });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new AnvilError(`${this.#url} cannot be reached; is \`anvil serve\` running there?`, { cause });
    }
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => undefined);
    const wrong = problem?.errors?.map((error) => `${error.pointer || "/"}: ${error.message}`) ?? [];
    const said = [problem?.detail ?? problem?.title ?? `the host answered ${answer.status}`, ...wrong].join("; ");
    const retryAfter = Number(answer.headers.get("retry-after")) || undefined;
    throw new AnvilError(said, { status: answer.status, problem, retryAfter });
  }

  // A host that restarts is away for a moment.
  async #retried(ask, signal) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await ask();
      } catch (error) {
        const passing = error instanceof AnvilError && (error.status === 0 || error.status === 503);
        if (!passing || tries >= 5) throw error;
        await sleep(error.retryAfter ? error.retryAfter * 1000 : 200 * 2 ** tries, signal);
      }
    }
  }
}

function formOf(job, files) {
  const form = new FormData();
  form.append("job", JSON.stringify(job));
  for (const { name, content, type } of files) {
    form.append("file", content instanceof Blob ? content : new Blob([content], { type }), name);
  }
  return form;
}

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

export default Anvil;
// For `const Anvil = require("./anvil-client.js")`.
export { Anvil as "module.exports" };
