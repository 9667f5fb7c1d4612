// A host for an agent's own tests: it runs the program that was built, and its Claude gives the replies that it was given.

import { readFileSync } from 'node:fs';

const [OK, BAD_FILE] = [0, 8];
const CONTRACT = 'anvil:agent@0.1.0';

class Exit extends Error {}

/** Compiles a program. */
export function program(path) {
  return new WebAssembly.Module(readFileSync(new URL(path, import.meta.url)));
}

/** What a program says of itself. */
export function describe(module) {
  return conversation(module, { describe: { contract: CONTRACT } }).last.description;
}

/**
 * Has a program do a job. `replies` are what Claude answers, in order; other functions are answered by `answers`, by their
 * names, else with nothing.
 *
 * Gives `done` or `failed`, what Claude was `asked`, the other `calls` as `[name, fields]`, and the lines that it `printed`.
 */
export function run(module, action, payload, replies = [], answers = {}) {
  const [asked, calls] = [[], []];
  const { last, printed } = conversation(module, { run: { contract: CONTRACT, action, payload } }, (name, fields) => {
    if (name !== 'claude.complete') {
      calls.push([name, fields]);
      return answers[name] ?? { ok: null };
    }
    if (asked.length === replies.length) throw new Error('Claude was asked once too often');
    return replies[asked.push(fields) - 1];
  });
  return { ...last, asked, calls, printed };
}

/** A reply of one text. */
export function says(text, stop_reason = 'end_turn') {
  return { ok: { content: [{ type: 'text', text }], text, stop_reason } };
}

/** A reply of JSON. */
export function gives(value) {
  return says(JSON.stringify(value));
}

/** A reply that uses a tool. */
export function uses(name, input) {
  return { ok: { content: [{ type: 'tool_use', id: 't1', name, input }], text: '', stop_reason: 'tool_use' } };
}

/** A call that has no answer. */
export function refuses(kind, message) {
  return { error: { kind, message } };
}

/** Says a first line and answers each call, until the program's last line. */
function conversation(module, first, answer) {
  const printed = [];
  let [said, heard, last] = ['', Buffer.from(`${JSON.stringify(first)}\n`), undefined];
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const line = (text) => {
    if (!text.startsWith('{')) return printed.push(text);
    const [[name, value]] = Object.entries(JSON.parse(text));
    if (['description', 'done', 'failed'].includes(name)) last = { [name]: value };
    else heard = Buffer.concat([heard, Buffer.from(`${JSON.stringify(answer(name, value))}\n`)]);
  };
  const pieces = (at, count) => {
    const view = new DataView(instance.exports.memory.buffer);
    return Array.from({ length: count }, (_, n) => {
      return new Uint8Array(view.buffer, view.getUint32(at + 8 * n, true), view.getUint32(at + 8 * n + 4, true));
    });
  };
  const tell = (at, size) => new DataView(instance.exports.memory.buffer).setUint32(at, size, true);
  const wasi = {
    fd_write(fd, at, count, written) {
      if (fd !== 1 && fd !== 2) return BAD_FILE;
      const given = Buffer.concat(pieces(at, count));
      const lines = (said + decoder.decode(given, { stream: true })).split('\n');
      said = lines.pop();
      lines.forEach(line);
      tell(written, given.length);
      return OK;
    },
    fd_read(fd, at, count, read) {
      if (fd !== 0) return BAD_FILE;
      const before = heard.length;
      for (const piece of pieces(at, count)) heard = heard.subarray(heard.copy(piece));
      tell(read, before - heard.length);
      return OK;
    },
    proc_exit() {
      throw new Exit();
    },
    clock_time_get(_clock, _precision, at) {
      new DataView(instance.exports.memory.buffer).setBigUint64(at, 0n, true);
      return OK;
    },
    random_get(at, size) {
      new Uint8Array(instance.exports.memory.buffer, at, size).fill(7);
      return OK;
    },
  };
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi });
  try {
    instance.exports._start();
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
  return { last, printed };
}
