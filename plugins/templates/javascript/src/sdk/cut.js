// JSON that was cut in the middle: what of it is complete.

/**
 * The value of a JSON text that ends too early, without what is not complete: a member or an item that is cut is left out,
 * unless it is an object or a list, which keeps what it has. None where the text is no beginning of JSON.
 */
export function readCut(text) {
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

/** Behind the string that begins at `at`; below 0 where it does not end. */
function stringEnd(text, at) {
  for (let next = at + 1; next < text.length; next++) {
    if (text[next] === '\\') next++;
    else if (text[next] === '"') return next + 1;
  }
  return -1;
}
