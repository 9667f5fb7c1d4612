// The files that a job was submitted with, as text, and as much of them as there is room for.

import { CallError, Failure } from './failure.js';
import { beginning, byteLength, decode } from './text.js';

/** What is read of all files together, at most: to decode text takes processor time, which is bounded. */
const MOST_READ_BYTES = 2 * 1024 * 1024;

/** More than a token can stand for in any usual text: what is beyond has room in no call. */
const MOST_BYTES_PER_TOKEN = 4;

/** What an ordinary text has for each of its tokens, at least. */
const BYTES_PER_TOKEN = 2.5;

/** What framing and the turn of a repair take, in tokens. */
const FRAMING_TOKENS = 300;

/** Below so many bytes, what is left of a file tells nothing. */
const LEAST_BYTES = 200;

/** How often a request that is too large is tried with less, and what part then stays. */
const SMALLER = { tries: 2, part: 0.6 };

export function textFile(name, text) {
  return { name, text, size: byteLength(text) };
}

/** What a job leaves out or did not get, a sentence each, once each, and in the log. A result says it. */
export class Missing {
  sentences = [];
  host;
  constructor(host) {
    this.host = host;
  }
  note(sentence) {
    if (this.sentences.includes(sentence)) return;
    this.sentences.push(sentence);
    this.host.log(sentence, 'warn');
  }
}

/** Reads the input files that are text; each of the others is missing. Of a large one, what a call could have room for. */
export function readTexts(host, missing) {
  const most = host.allowance().max_input_tokens * MOST_BYTES_PER_TOKEN;
  let left = MOST_READ_BYTES;
  return host.inputs().flatMap(({ name, size }) => {
    const text =
      left <= 0 ? { why: `there are more than ${MOST_READ_BYTES} bytes before it` } : beginningOf(host, name, most);
    left -= Math.min(size, most);
    if (typeof text === 'string') return [{ name, text, size }];
    missing.note(`${name} was not read: ${text.why}`);
    return [];
  });
}

function beginningOf(host, name, most) {
  let bytes;
  try {
    bytes = host.input(name);
  } catch (error) {
    if (error instanceof Failure) return { why: error.message };
    throw error;
  }
  let end = Math.min(bytes.length, most);
  while (end < bytes.length && (bytes[end] & 0xc0) === 0x80) end--;
  const text = bytes.includes(0) ? undefined : decode(bytes.subarray(0, end));
  if (text === undefined) return { why: 'it is not text in UTF-8' };
  if (text.trim() === '') return { why: 'it is empty' };
  return text.replace(/^\uFEFF/, '').replace(/\r\n/g, '\n');
}

/**
 * How many bytes of text a request has room for, beside `fixed` bytes that it has anyway (system, schema, wording) and an
 * answer of `answer` tokens, which goes out once more where it has to be repaired or continued.
 */
export function roomFor(left, fixed, answer) {
  return Math.max(0, Math.floor((left.max_input_tokens - answer - FRAMING_TOKENS) * BYTES_PER_TOKEN) - fixed);
}

/**
 * Asks with as much of the files as has room. Tokens are the host's to count: where it finds the request too large, it is
 * asked again with less of them.
 */
export function withRoom(files, room, missing, ask) {
  for (let tries = 0, left = room; ; tries++, left = Math.floor(left * SMALLER.part)) {
    const cut = [];
    try {
      const answer = ask(fit(files, left, (sentence) => cut.push(sentence)));
      cut.forEach((sentence) => missing.note(sentence));
      return answer;
    } catch (error) {
      const again = error instanceof CallError && error.call === 'too-large' && tries < SMALLER.tries;
      if (!again) throw error;
    }
  }
}

/**
 * Files of at most so many bytes together: small ones stay whole, large ones are cut and get equal shares of the rest. One
 * that would have next to nothing is left out. Each that is not whole is told of.
 */
export function fit(files, room, tell) {
  const share = fairShare(
    files.map(({ size }) => size),
    room,
  );
  return files.flatMap((file) => {
    if (file.size <= share) return [file];
    if (share < LEAST_BYTES) {
      tell(`${file.name} was left out: a call has no room for it`);
      return [];
    }
    const text = beginning(file.text, share);
    tell(`${file.name} was cut: a call has room for its first ${byteLength(text)} of ${file.size} bytes`);
    return [{ ...file, text }];
  });
}

/** The most that one may have so that all have at most `room` together. */
function fairShare(sizes, room) {
  const sorted = [...sizes].sort((a, b) => a - b);
  let left = Math.max(0, room);
  for (let index = 0; index < sorted.length; index++) {
    const share = Math.floor(left / (sorted.length - index));
    if (sorted[index] > share) return share;
    left -= sorted[index];
  }
  return Number.MAX_SAFE_INTEGER;
}
