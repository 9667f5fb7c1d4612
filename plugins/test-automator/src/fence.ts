// A file in a fenced block, and how the parts of one that was cut join.

import { Malformed } from '../../templates/typescript/src/sdk/index.ts';

/** How many of the last lines Claude is asked to repeat. */
const REPEATED_LINES = 3;
/** A repetition of fewer characters may be chance. */
const CERTAIN = 10;

interface Block {
  info: string;
  content: string;
}

/**
 * The content of the file `path` in an answer: of its fenced blocks the one that names it, else the only one with more than
 * a command in it. Throws `Malformed`, also where a line of backticks in the file may have ended the block too early.
 */
export function fileOf(answer: string, path: string): string {
  const { blocks, open } = blocksOf(answer);
  if (open) throw new Malformed(`the block of ${path} has no end: its last line of backticks is missing`);
  if (blocks.length === 0) throw new Malformed('the answer has no fenced block');
  const named = blocks.filter(({ info }) => info.split(/[\s:="']+/).includes(path));
  const others = blocks.filter(({ info }) => !/^(sh|bash|shell|console|text|txt|diff)$/i.test(info));
  const candidates = named.length > 0 ? named : others.length > 0 ? others : blocks;
  const bare = blocks.slice(blocks.indexOf(candidates[0]) + 1).some(({ info }) => info === '');
  if (candidates.length > 1 || bare) {
    throw new Malformed(
      `the answer has more fenced blocks than the one of ${path}, or a line of backticks in the file ends it too early: ` +
        'fence the file with more backticks than it has in a line',
    );
  }
  if (candidates[0].content.trim() === '') throw new Malformed('the fenced block is empty');
  return `${candidates[0].content.replace(/\s+$/, '')}\n`;
}

/** The blocks, whether nothing stands behind the last one's end, and whether the last one has none. */
function blocksOf(answer: string): { blocks: Block[]; ends: boolean; open: boolean } {
  const blocks: Block[] = [];
  let open: { fence: string; lines: string[]; info: string } | undefined;
  let ends = false;
  const close = () => {
    if (open) blocks.push({ info: open.info, content: open.lines.join('\n') });
    ends = open !== undefined;
    open = undefined;
  };
  for (const line of answer.split('\n')) {
    const fence = /^ {0,3}(`{3,}|~{3,})\s*(.*?)\s*$/.exec(line);
    if (open && fence && fence[2] === '' && fence[1].startsWith(open.fence)) close();
    else if (open) open.lines.push(line);
    else if (fence && !fence[2].includes('`')) {
      open = { fence: fence[1], lines: [], info: fence[2] };
      ends = false;
    } else if (line.trim() !== '') ends = false;
  }
  const isOpen = open !== undefined;
  if (isOpen) {
    close();
    ends = false;
  }
  return { blocks, ends, open: isOpen };
}

/** Whether an answer that was cut has its file whole: a block's end is the last that was said. */
export function isWhole(answer: string): boolean {
  return blocksOf(answer).ends;
}

/** Whether an answer's last block has no end: what there is of it may be half a file. */
export function isOpen(answer: string): boolean {
  return blocksOf(answer).open;
}

/** An answer that was cut, without its last line where that is not whole. */
export function wholeLines(answer: string): string {
  const end = answer.lastIndexOf('\n');
  return end < 0 ? '' : answer.slice(0, end + 1);
}

/** The last lines with something on them, for Claude to repeat. */
export function lastLines(answer: string): string {
  const lines = answer.replace(/\s+$/, '').split('\n');
  return lines.slice(-REPEATED_LINES).join('\n');
}

/**
 * An answer that was cut within its block, behind a line, and what Claude said next: it may repeat the last lines, open the
 * fence once more, or begin the file anew.
 */
export function joined(before: string, next: string): string {
  const said = before.replace(/\n+$/, '').split('\n');
  const lines = next.replace(/^\n+/, '').split('\n');
  const fresh = isOpening(lines[0]) ? lines.slice(1) : lines;
  const opening = said.findIndex(isOpening);
  const begun = said.slice(opening + 1, opening + 3);
  if (isCertain(begun) && begun.every((line, index) => line === fresh[index])) {
    return [...said.slice(0, opening + 1), ...fresh].join('\n');
  }
  for (let size = Math.min(2 * REPEATED_LINES, said.length, fresh.length); size > 0; size--) {
    const repeated = said.slice(-size);
    if (isCertain(repeated) && repeated.every((line, index) => line === fresh[index])) {
      return [...said, ...fresh.slice(size)].join('\n');
    }
  }
  return `${before}${isOpening(lines[0]) ? fresh.join('\n') : next}`;
}

function isOpening(line: string): boolean {
  return /^ {0,3}(`{3,}|~{3,})\s*[^\s`]/.test(line);
}

function isCertain(lines: string[]): boolean {
  return lines.join('').trim().length >= CERTAIN;
}
