// What can be read of JSON: what is complete of a text that was cut, and whether one is too deep to be read at all.

/**
 * The value of a JSON text that ends too early, without what is not complete: a member or an item that is cut is left out,
 * unless it is an object or a list, which keeps what it has. None where the text is no beginning of JSON.
 */
export function readCut(text) {
  if (tooDeep(text)) return undefined;
  const open = [];
  /** Where the text could end, and what would close it there. */
  let end = 0;
  let closers = '';
  const mark = (at) => {
    end = at;
    closers = [...open].reverse().join('');
  };
  /** Whether a name comes next, and not a value. */
  let named = false;
  for (let at = text.search(/\S/); at >= 0 && at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const close = stringEnd(text, at);
      if (close < 0) break;
      at = close - 1;
      if (!named) mark(close);
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? '}' : ']');
      named = character === '{';
      mark(at + 1);
    } else if (character === '}' || character === ']') {
      if (open.pop() !== character) return undefined;
      named = false;
      mark(at + 1);
      if (open.length === 0) break;
    } else if (character === ',') {
      mark(at);
      named = open.at(-1) === '}';
    } else if (character === ':') named = false;
  }
  try {
    return JSON.parse(text.slice(0, end) + closers);
  } catch {
    return undefined;
  }
}

/**
 * How many lists and objects may stand within each other in JSON that is read. Readers call themselves for each, and a plugin's
 * stack is small: one that fills it is stopped, and nobody is told what was wrong with the answer.
 */
export const DEEPEST = 100;

/** Whether more than `DEEPEST` lists and objects stand within each other in a JSON text, be it whole or cut. */
export function tooDeep(text) {
  let deep = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const close = stringEnd(text, at);
      if (close < 0) return false;
      at = close - 1;
    } else if (character === '{' || character === '[') {
      if (++deep > DEEPEST) return true;
    } else if (character === '}' || character === ']') deep--;
  }
  return false;
}

/** Behind the string that begins at `at`; below 0 where it does not end. */
function stringEnd(text, at) {
  for (let next = at + 1; next < text.length; next++) {
    if (text[next] === '\\') next++;
    else if (text[next] === '"') return next + 1;
  }
  return -1;
}
