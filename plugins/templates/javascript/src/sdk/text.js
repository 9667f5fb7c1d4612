// Text and bytes. QuickJS has no `TextDecoder` and no `TextEncoder`.

/** The bytes of a text. A half of a surrogate pair alone becomes U+FFFD. */
export function encode(text) {
  const bytes = [];
  for (const character of text) {
    const point = character.codePointAt(0);
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return new Uint8Array(bytes);
}

/** The text of bytes; none where they are not UTF-8. */
export function decode(bytes) {
  const parts = [];
  let points = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at];
    const more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    if (more < 0 || at + more >= bytes.length) return undefined;
    let point = more === 0 ? first : first & (0x3f >> more);
    for (let n = 1; n <= more; n++) {
      const next = bytes[at + n];
      if ((next & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (next & 0x3f);
    }
    const overlong = point < [0, 0x80, 0x800, 0x10000][more];
    if (overlong || (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff) return undefined;
    points.push(point);
    if (points.length === 4096) {
      parts.push(String.fromCodePoint(...points));
      points = [];
    }
    at += more + 1;
  }
  return parts.join('') + String.fromCodePoint(...points);
}

/** How many bytes a text has. */
export function byteLength(text) {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const pair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : pair ? 4 : 3;
    if (pair) at++;
  }
  return bytes;
}

/**
 * The beginning of a text, in at most so many bytes: it ends before a blank line where there is one in its last half, else
 * behind a line, else behind a character.
 */
export function beginning(text, most) {
  if (byteLength(text) <= most) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += byteLength(character);
    if (bytes > most) break;
    end += character.length;
  }
  const head = text.slice(0, end);
  for (const [seam, keep] of [
    ['\n\n', 1],
    ['\n', 1],
  ]) {
    const at = head.lastIndexOf(seam);
    if (at > head.length / 2) return head.slice(0, at + keep);
  }
  return head;
}

/**
 * A text from outside, fenced off in a prompt as `<tag name="…">`. Where the text has the tag itself, a number is added
 * to the fence's: nothing in a text can close it.
 */
export function fenced(tag, text, name) {
  let fence = tag;
  for (let n = 2; text.includes(`</${fence}`); n++) fence = `${tag}-${n}`;
  const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  const named = name === undefined ? '' : ` name="${name.replace(/[&<>"]/g, (character) => escapes[character])}"`;
  return `<${fence}${named}>\n${text.replace(/\n+$/, '')}\n</${fence}>`;
}
