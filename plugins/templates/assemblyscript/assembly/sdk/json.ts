// JSON as a tree. The language has no exceptions to catch, so what is malformed is null.

import { Reader } from './reader';
import { Units } from './units';

export enum Kind {
  Nothing,
  Truth,
  Number,
  Text,
  List,
  Object,
}

/** A value. Looking for what it does not have gives `Json.nothing()`, so that looking deeper needs no care. */
export class Json {
  /** Of a text, its characters; of a number or a truth, as it is written. */
  text: string = '';
  private items: Json[] = [];
  private members: Map<string, Json> = new Map();

  constructor(readonly kind: Kind) {}

  /** The value of a JSON text; null where it is none. */
  static parse(text: string): Json | null {
    return new Reader(text).whole();
  }

  static nothing(): Json {
    return new Json(Kind.Nothing);
  }

  static truth(value: bool): Json {
    return Json.written(Kind.Truth, value ? 'true' : 'false');
  }

  static number(value: f64): Json {
    if (!isFinite(value)) return Json.nothing();
    const whole = value == Math.floor(value) && Math.abs(value) <= f64.MAX_SAFE_INTEGER;
    return Json.written(Kind.Number, whole ? (<i64>value).toString() : value.toString());
  }

  static of(text: string): Json {
    return Json.written(Kind.Text, text);
  }

  static list(): Json {
    return new Json(Kind.List);
  }

  static object(): Json {
    return new Json(Kind.Object);
  }

  static written(kind: Kind, text: string): Json {
    const json = new Json(kind);
    json.text = text;
    return json;
  }

  get number(): f64 {
    return this.kind == Kind.Number ? parseFloat(this.text) : NaN;
  }

  get truth(): bool {
    return this.kind == Kind.Truth && this.text == 'true';
  }

  /** How many items a list has. */
  get length(): i32 {
    return this.items.length;
  }

  at(index: i32): Json {
    return index >= 0 && index < this.items.length ? this.items[index] : Json.nothing();
  }

  push(item: Json): Json {
    this.items.push(item);
    return this;
  }

  has(key: string): bool {
    return this.members.has(key);
  }

  get(key: string): Json {
    return this.members.has(key) ? this.members.get(key) : Json.nothing();
  }

  set(key: string, value: Json): Json {
    this.members.set(key, value);
    return this;
  }

  keys(): string[] {
    return this.members.keys();
  }

  /** The JSON of it, on one line. */
  toString(): string {
    const out = new Units();
    this.write(out);
    return out.taken();
  }

  private write(out: Units): void {
    switch (this.kind) {
      case Kind.Text:
        return quoted(this.text, out);
      case Kind.List:
        out.add('[');
        for (let n = 0; n < this.items.length; n++) {
          if (n > 0) out.add(',');
          this.items[n].write(out);
        }
        return out.add(']');
      case Kind.Object: {
        const keys = this.members.keys();
        out.add('{');
        for (let n = 0; n < keys.length; n++) {
          if (n > 0) out.add(',');
          quoted(keys[n], out);
          out.add(':');
          this.members.get(keys[n]).write(out);
        }
        return out.add('}');
      }
      default:
        out.add(this.kind == Kind.Nothing ? 'null' : this.text);
    }
  }
}

/** JSON that is part of the program. */
export function parsed(text: string): Json {
  const json = Json.parse(text);
  if (!json) throw new Error('the program has JSON in it that is none');
  return json;
}

function quoted(text: string, out: Units): void {
  out.unit(0x22);
  for (let n = 0; n < text.length; n++) {
    const unit = text.charCodeAt(n);
    if (unit == 0x22 || unit == 0x5c) {
      out.unit(0x5c);
      out.unit(unit);
    } else if (unit < 0x20) {
      out.add('\\u00');
      out.add(unit < 0x10 ? '0' : '1');
      out.add((unit & 15).toString(16));
    } else {
      out.unit(unit);
    }
  }
  out.unit(0x22);
}
