// The host's lines: one JSON object each, on standard input and output. What is printed otherwise is in the job's log, as long
// as a line does not begin with a brace.

import { Json } from './json';

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_read")
declare function fd_read(fd: u32, pieces: usize, count: usize, read: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: u32, pieces: usize, count: usize, written: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: u32): void;

/** A piece of memory (its place, its bytes), and how much of it was read or written. */
const piece = memory.data(12);

/** Whether a job is under way. */
let working = false;

/** What was read and is in no line yet: from `begun` to `ended` of `room` bytes at `place`. */
let room: usize = 65536;
let place = heap.alloc(room);
let begun: usize = 0;
let ended: usize = 0;

export function lineIn(): string {
  let stop = begun;
  while (stop == ended || load<u8>(place + stop) != 0x0a) {
    if (stop < ended) stop++;
    else stop = more();
  }
  const line = String.UTF8.decodeUnsafe(place + begun, stop - begun);
  begun = stop + 1;
  return line;
}

/** Reads on, and gives the place where what is new begins. */
function more(): usize {
  memory.copy(place, place + begun, ended - begun);
  ended -= begun;
  begun = 0;
  if (ended == room) place = heap.realloc(place, (room *= 2));
  store<usize>(piece, place + ended);
  store<usize>(piece, room - ended, 4);
  if (fd_read(0, piece, 1, piece + 8) != 0 || load<usize>(piece, 8) == 0) throw new Error('the host said nothing');
  const old = ended;
  ended += load<usize>(piece, 8);
  return old;
}

export function lineOut(key: string, value: Json): void {
  write(1, Json.object().set(key, value).toString());
}

/** A half of a surrogate pair alone becomes U+FFFD. */
function write(fd: u32, line: string): void {
  const bytes = <usize>String.UTF8.byteLength(line) + 1;
  const text = heap.alloc(bytes);
  String.UTF8.encodeUnsafe(changetype<usize>(line), line.length, text, false, String.UTF8.ErrorMode.REPLACE);
  store<u8>(text + bytes - 1, 0x0a);
  for (let at: usize = 0; at < bytes; at += load<usize>(piece, 8)) {
    store<usize>(piece, text + at);
    store<usize>(piece, bytes - at, 4);
    if (fd_write(fd, piece, 1, piece + 8) != 0 || load<usize>(piece, 8) == 0) proc_exit(1);
  }
  heap.free(text);
}

/** From here on an end is a job's. */
export function begin(): void {
  working = true;
}

/** The job has no result: this is the program's last line. */
export function end(kind: string, message: string): void {
  working = false;
  lineOut('failed', Json.object().set('kind', Json.of(kind)).set('message', Json.of(message)));
  proc_exit(0);
}

/** What the language does for an error, an assertion, and an index out of bounds. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const told = `${message ? message : 'it was aborted'} (${file ? file : '?'}:${line.toString()}:${column.toString()})`;
  if (working) end('internal', told);
  write(2, told);
  proc_exit(1);
}
