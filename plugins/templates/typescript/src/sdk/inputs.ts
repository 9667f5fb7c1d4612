// The files that a job was submitted with, as text, and as much of them as there is room for.

import { Failure } from './failure.ts';
import type { Host } from './host.ts';
import { beginning, byteLength, decode } from './text.ts';

/** A larger file is not read: no call has room for it, and the sandbox's memory is small. */
export const MOST_BYTES = 256 * 1024;

export interface TextFile {
  name: string;
  text: string;
}

/** What was read, and a sentence for each file that was not, or not whole. */
export interface Texts {
  files: TextFile[];
  missing: string[];
}

/** Reads the input files that are text. Each of the others is named in `missing` and in the log. */
export function readTexts(host: Host): Texts {
  const read: Texts = { files: [], missing: [] };
  for (const { name, size } of host.inputs()) {
    const text = textOf(host, name, size);
    if (typeof text === 'string') read.files.push({ name, text });
    else read.missing.push(`${name} was not read: ${text.why}`);
  }
  for (const sentence of read.missing) host.log(sentence, 'warn');
  return read;
}

function textOf(host: Host, name: string, size: number): string | { why: string } {
  if (size > MOST_BYTES) return { why: `it has ${size} bytes, and the most is ${MOST_BYTES}` };
  let bytes: Uint8Array;
  try {
    bytes = host.input(name);
  } catch (error) {
    if (error instanceof Failure) return { why: error.message };
    throw error;
  }
  const text = bytes.includes(0) ? undefined : decode(bytes);
  if (text === undefined) return { why: 'it is not text in UTF-8' };
  if (text.trim() === '') return { why: 'it is empty' };
  return text.replace(/^\uFEFF/, '').replace(/\r\n/g, '\n');
}

/**
 * Cuts files so that they have at most so many bytes together: small ones stay whole, large ones get equal shares of the
 * rest. Each cut is told in `missing` and in the log; a file that would have next to nothing left is left out.
 */
export function fit(host: Host, files: TextFile[], room: number): Texts {
  const sizes = files.map((file) => byteLength(file.text));
  const share = fairShare(sizes, room);
  const fitted: Texts = { files: [], missing: [] };
  files.forEach((file, index) => {
    const text = sizes[index] <= share ? file.text : beginning(file.text, share);
    if (text !== '' && (sizes[index] <= share || share >= 200)) fitted.files.push({ name: file.name, text });
    if (sizes[index] <= share) return;
    const kept = share >= 200 ? `only its first ${byteLength(text)} of ${sizes[index]} bytes were read` : 'it was left out';
    fitted.missing.push(`${file.name} has no room in a call: ${kept}`);
  });
  for (const sentence of fitted.missing) host.log(sentence, 'warn');
  return fitted;
}

/** The most that one may have so that all have at most `room` together. */
function fairShare(sizes: number[], room: number): number {
  const sorted = [...sizes].sort((a, b) => a - b);
  let left = Math.max(0, room);
  for (let index = 0; index < sorted.length; index++) {
    const share = Math.floor(left / (sorted.length - index));
    if (sorted[index] > share) return share;
    left -= sorted[index];
  }
  return Number.MAX_SAFE_INTEGER;
}
