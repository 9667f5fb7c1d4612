// JSON Schemas of answers: what Claude's structured output takes of them, and what an answer has to keep.

/** Bounds that structured output does not take; Claude is told of them in words. */
const BOUNDS = {
  minLength: (bound) => (bound === 1 ? 'not empty' : `at least ${bound} characters`),
  maxLength: (bound) => `at most ${bound} characters`,
  minItems: (bound) => (bound === 1 ? 'not empty' : `at least ${bound} items`),
  maxItems: (bound) => `at most ${bound} items`,
  minimum: (bound) => `at least ${bound}`,
  maximum: (bound) => `at most ${bound}`,
  pattern: (bound) => `matches ${bound}`,
};

/** The schema as Claude is given it: bounds stand in the descriptions, objects have no other members. */
export function forClaude(schema) {
  const given = {};
  const bounds = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key in BOUNDS) bounds.push(BOUNDS[key](value));
    else if (key === 'items') given[key] = forClaude(value);
    else if (key === 'properties') {
      given[key] = Object.fromEntries(Object.entries(value).map(([name, of]) => [name, forClaude(of)]));
    } else given[key] = value;
  }
  if (schema.type === 'object') given.additionalProperties = false;
  if (bounds.length > 0) given.description = [schema.description, bounds.join(', ')].filter(Boolean).join('; ');
  return given;
}

/**
 * What is wrong with a value, a sentence each; at most `most`. Of JSON Schema it knows what `forClaude` does, `enum`,
 * `required` and `additionalProperties: false`, on one type each.
 */
export function faults(schema, value, most = 5) {
  const found = [];
  judge(schema, value, 'the answer', found);
  return found.slice(0, most);
}

function judge(schema, value, where, found) {
  const kind = kindOf(value);
  const type = schema.type;
  if (type && kind !== type && !(type === 'number' && kind === 'integer')) {
    found.push(`${where} is ${kind}, not ${type}`);
    return;
  }
  if (schema.enum && !schema.enum.includes(value)) {
    found.push(`${where} is none of ${schema.enum.join(', ')}`);
  }
  if (typeof value === 'string') measure(schema, 'Length', [...value].length, where, 'characters', found);
  if (typeof value === 'string' && schema.pattern && !new RegExp(schema.pattern, 'u').test(value)) {
    found.push(`${where} does not match ${schema.pattern}`);
  }
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? value)) found.push(`${where} is below ${schema.minimum}`);
    if (value > (schema.maximum ?? value)) found.push(`${where} is above ${schema.maximum}`);
  }
  if (Array.isArray(value)) {
    measure(schema, 'Items', value.length, where, 'items', found);
    value.forEach((item, index) => schema.items && judge(schema.items, item, `${where}[${index}]`, found));
  } else if (kind === 'object') members(schema, value, where, found);
}

function members(schema, value, where, found) {
  const known = schema.properties ?? {};
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) found.push(`${where} has no ${name}`);
  }
  for (const [name, member] of Object.entries(value)) {
    if (Object.hasOwn(known, name)) judge(known[name], member, `${where}.${name}`, found);
    else if (schema.additionalProperties === false) found.push(`${where} has ${short(name)}, which is not asked for`);
  }
}

function measure(schema, of, size, where, unit, found) {
  const [least, most] = [schema[`min${of}`], schema[`max${of}`]];
  if (least !== undefined && size < least) found.push(`${where} has ${size} ${unit}, and the least is ${least}`);
  if (most !== undefined && size > most) found.push(`${where} has ${size} ${unit}, and the most is ${most}`);
}

function kindOf(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function short(name) {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name;
}
