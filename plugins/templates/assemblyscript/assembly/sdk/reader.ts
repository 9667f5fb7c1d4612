// Reads JSON as RFC 8259 has it, and nothing beyond.

import { Json, Kind } from './json';
import { Units } from './units';

/** How deep JSON is read. */
const DEPTH = 200;

export class Reader {
  private at: i32 = 0;
  private malformed: bool = false;

  constructor(private text: string) {}

  /** The value that the text is; null where it is none. */
  whole(): Json | null {
    const value = this.value(0);
    this.blank();
    return this.malformed || this.at < this.text.length ? null : value;
  }

  private value(depth: i32): Json {
    this.blank();
    const first = this.next();
    if (first == 0x22) return Json.of(this.quoted());
    if (first == 0x2d || digit(first)) return this.number();
    if (depth == DEPTH) return this.refuse();
    if (first == 0x5b) return this.list(depth + 1);
    if (first == 0x7b) return this.object(depth + 1);
    if (this.word('null')) return Json.nothing();
    if (this.word('true')) return Json.truth(true);
    if (this.word('false')) return Json.truth(false);
    return this.refuse();
  }

  private list(depth: i32): Json {
    const list = Json.list();
    this.at++;
    if (this.takes(0x5d)) return list;
    do list.push(this.value(depth));
    while (this.takes(0x2c));
    return this.takes(0x5d) ? list : this.refuse();
  }

  private object(depth: i32): Json {
    const object = Json.object();
    this.at++;
    if (this.takes(0x7d)) return object;
    do {
      this.blank();
      if (this.next() != 0x22) return this.refuse();
      const key = this.quoted();
      if (!this.takes(0x3a)) return this.refuse();
      object.set(key, this.value(depth));
    } while (this.takes(0x2c));
    return this.takes(0x7d) ? object : this.refuse();
  }

  private number(): Json {
    const begun = this.at;
    if (this.next() == 0x2d) this.at++;
    if (this.next() == 0x30) this.at++;
    else this.digits();
    if (this.next() == 0x2e) {
      this.at++;
      this.digits();
    }
    if ((this.next() | 0x20) == 0x65) {
      this.at++;
      if (this.next() == 0x2b || this.next() == 0x2d) this.at++;
      this.digits();
    }
    return Json.written(Kind.Number, this.text.substring(begun, this.at));
  }

  /** At least one digit. */
  private digits(): void {
    if (!digit(this.next())) this.refuse();
    while (digit(this.next())) this.at++;
  }

  private quoted(): string {
    let begun = ++this.at;
    this.plain();
    if (this.next() == 0x22) return this.text.substring(begun, this.at++);
    const out = new Units();
    for (;;) {
      out.add(this.text.substring(begun, this.at));
      if (this.next() == 0x22) break;
      if (this.next() != 0x5c) {
        this.refuse();
        break;
      }
      out.unit(this.escaped());
      begun = this.at;
      this.plain();
    }
    this.at++;
    return out.taken();
  }

  /** Goes on to what is no plain character of a text. */
  private plain(): void {
    for (let unit = this.next(); unit >= 0x20 && unit != 0x22 && unit != 0x5c; unit = this.next()) this.at++;
  }

  private escaped(): i32 {
    const letter = this.text.charAt(++this.at);
    const plain = '"\\/bfnrt'.indexOf(letter);
    this.at++;
    if (letter != '' && plain >= 0) return '"\\/\b\f\n\r\t'.charCodeAt(plain);
    let unit = 0;
    for (let n = 0; n < 4; n++, this.at++) {
      const value = letter == 'u' ? '0123456789abcdef'.indexOf(this.text.charAt(this.at).toLowerCase()) : -1;
      if (value < 0 || this.at >= this.text.length) this.refuse();
      unit = (unit << 4) | value;
    }
    return unit;
  }

  private blank(): void {
    while (blank(this.next())) this.at++;
  }

  private word(word: string): bool {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  /** Whether this stands next, behind what is blank. Then it is behind us. */
  private takes(unit: i32): bool {
    this.blank();
    if (this.next() != unit) return false;
    this.at++;
    return true;
  }

  /** The unit that stands next; -1 at the end. */
  private next(): i32 {
    return this.text.charCodeAt(this.at);
  }

  /** There is no value here: the text ends. */
  private refuse(): Json {
    this.malformed = true;
    this.at = this.text.length;
    return Json.nothing();
  }
}

function digit(unit: i32): bool {
  return unit >= 0x30 && unit <= 0x39;
}

function blank(unit: i32): bool {
  return unit == 0x20 || unit == 0x0a || unit == 0x0d || unit == 0x09;
}
