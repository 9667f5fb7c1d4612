// The helpers of `src/sdk`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AskError,
  Failure,
  Missing,
  TaskError,
  agentTool,
  beginning,
  byteLength,
  counted,
  decode,
  encode,
  faults,
  fenced,
  fit,
  forClaude,
  isLast,
  personTool,
  parseJson,
  readCut,
  readTexts,
  request,
  roomFor,
  textFile,
  textOf,
  toolLoop,
  tooDeep,
  withRoom,
  complete,
  completeJson,
  Malformed,
  CallError,
} from '../src/sdk/index.js';
import { gives, played, says } from '../src/sdk/played.js';

const LIST = {
  type: 'object',
  additionalProperties: false,
  required: ['items'],
  properties: {
    items: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'string', maxLength: 3, description: 'A word' } },
  },
};

function uses(name, input = { n: 2 }) {
  return { ...says(''), content: [{ type: 'tool_use', id: 't1', name, input }], stop_reason: 'tool_use' };
}

const double = {
  name: 'double',
  description: 'Doubles a number.',
  input_schema: { type: 'object' },
  run: ({ n }) => String(2 * n),
};

test('a repair goes on with the conversation, and says what is wrong', () => {
  const host = played({ answers: [gives({ items: ['long word', 'b'], more: 1 }), gives({ items: ['a'] })] });
  assert.deepEqual(completeJson(host, 'System', 'Text', LIST), { items: ['a'] });
  const [first, second] = host.asked;
  assert.deepEqual(
    second.messages.map(({ role }) => role),
    ['user', 'assistant', 'user'],
  );
  assert.deepEqual(second.options, first.options);
  const said = textOf({ ...says(''), content: second.messages[2].content });
  assert.match(
    said,
    /the answer\.items\[0\] has 9 characters, and the most is 3; the answer has more, which is not asked/,
  );
});

test('a repair of an empty answer has no turn of Claude, which the API would refuse', () => {
  const host = played({ answers: [says(' '), gives({ items: ['a'] })] });
  completeJson(host, 'System', 'Text', LIST);
  assert.deepEqual(
    host.asked[1].messages.map(({ role }) => role),
    ['user', 'user'],
  );
});

test('what a check finds is repaired as well, and twice is a failure that says it', () => {
  const host = played({ answers: [gives({ items: ['a', 'a'] }), gives({ items: ['b', 'b'] })] });
  const check = ({ items }) => {
    if (items[0] === items[1]) throw new Malformed(`${items[0]} comes twice`);
  };
  assert.throws(() => completeJson(host, 'System', 'Text', LIST, {}, check), {
    kind: 'bad-reply',
    message: 'the answer was malformed twice: b comes twice',
  });
});

test('a refusal ends the job', () => {
  assert.throws(() => completeJson(played({ answers: [says('', 'refusal')] }), 'S', 'T', LIST), { kind: 'final' });
});

test('Claude is told of bounds in words, since structured output takes none', () => {
  assert.deepEqual(forClaude(LIST), {
    type: 'object',
    additionalProperties: false,
    required: ['items'],
    properties: {
      items: {
        type: 'array',
        items: { type: 'string', description: 'A word; at most 3 characters' },
        description: 'not empty, at most 2 items',
      },
    },
  });
});

test('every fault of a value is found', () => {
  const schema = {
    type: 'object',
    required: ['kind', 'count'],
    properties: {
      kind: { type: 'string', enum: ['a', 'b'] },
      count: { type: 'integer', minimum: 1, maximum: 3 },
      id: { type: 'string', pattern: '^R[0-9]+$' },
    },
  };
  for (const [value, found] of [
    [{ kind: 'a', count: 1, id: 'R1' }, []],
    [[], ['the answer is array, not object']],
    [{ kind: 'c' }, ['the answer has no count', 'the answer.kind is none of a, b']],
    [{ kind: 'b', count: 1.5 }, ['the answer.count is number, not integer']],
    [{ kind: 'b', count: 4 }, ['the answer.count is above 3']],
    [{ kind: null, count: 0 }, ['the answer.kind is null, not string', 'the answer.count is below 1']],
    [{ kind: 'b', count: 1, id: 'x' }, ['the answer.id does not match ^R[0-9]+$']],
    [JSON.parse('{"kind": "b", "count": 1, "__proto__": 1, "toString": 1}'), []],
    [Object.create({ kind: 'b', count: 1 }), ['the answer has no kind', 'the answer has no count']],
  ]) {
    assert.deepEqual(faults(schema, value), found);
  }
});

test('what is known for an end is none of a cut, and each other reason is', () => {
  for (const reason of ['end_turn', 'stop_sequence']) assert.equal(complete(played({ answers: [says('x', reason)] }), '', '?'), 'x');
  for (const reason of ['max_tokens', 'model_context_window_exceeded', 'pause_turn', 'tool_use', 'a_new_reason', 'unknown']) {
    const host = played({ answers: [says('x', reason)] });
    assert.throws(() => complete(host, '', '?'), { kind: 'bad-reply', message: new RegExp(reason) });
  }
  assert.throws(() => complete(played({ answers: [says('x', 'refusal')] }), '', '?'), { kind: 'final' });
});

test('of JSON that was cut, what is complete is read', () => {
  for (const [text, value] of [
    ['{"a": [1, 2, 3', { a: [1, 2] }],
    ['{"a": "x", "b": "y', { a: 'x' }],
    ['{"a": "x", "b"', { a: 'x' }],
    ['{"a": "x", "b": ', { a: 'x' }],
    ['{"a": tr', {}],
    ['{"a": "x\\"", "b": {"c": ["d", {"e": "f"}, {"g": "h', { a: 'x"', b: { c: ['d', { e: 'f' }, {}] } }],
    ['["a", "b\\', ['a']],
    ['[', []],
    [' {"a": 1} and more', { a: 1 }],
    ['', undefined],
    ['Sure!', undefined],
    ['{]', undefined],
  ]) {
    assert.deepEqual(readCut(text), value, text);
  }
  const whole = JSON.stringify({ a: [{ b: 'c,"d' }, 1.5, null, true, { 'e:': [[]] }], f: '}' });
  for (let at = 1; at < whole.length; at++) assert.notEqual(readCut(whole.slice(0, at)), undefined, whole.slice(0, at));
  assert.deepEqual(readCut(whole), JSON.parse(whole));
});

test('JSON that is too deep is not read', () => {
  for (const [text, deep] of [
    ['['.repeat(100), false],
    ['['.repeat(101), true],
    ['{"a":'.repeat(101), true],
    ['[]'.repeat(5_000), false],
    [`["${'['.repeat(5_000)}"]`, false],
    [`["\\"${'['.repeat(5_000)}`, false],
    [`["\\\\"${'['.repeat(100)}`, true],
  ]) {
    assert.equal(tooDeep(text), deep, text.slice(0, 20));
  }
  assert.equal(readCut('['.repeat(5_000)), undefined);
  assert.throws(() => parseJson('['.repeat(5_000) + ']'.repeat(5_000), {}), Malformed);
});

test('text is encoded and decoded as the platform does it', () => {
  for (const text of ['', 'plain', 'Grüße, 世界, 🦀\0', 'a'.repeat(10_000)]) {
    assert.deepEqual(encode(text), new TextEncoder().encode(text));
    assert.equal(decode(encode(text)), text);
    assert.equal(byteLength(text), encode(text).length);
  }
  assert.deepEqual(encode('\ud83e'), new TextEncoder().encode('\ud83e'));
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let n = 0; n < 20_000; n++) {
    const bytes = new Uint8Array([n & 0xff, (n * 7) >> 3, 0x80 | (n % 64), 0xbf].map((byte) => byte & 0xff));
    let expected;
    try {
      expected = strict.decode(bytes);
    } catch {
      expected = undefined;
    }
    assert.equal(decode(bytes), expected, String(bytes));
  }
});

test('a text is cut where it has a seam', () => {
  assert.equal(beginning('one\ntwo\n', 100), 'one\ntwo\n');
  assert.equal(beginning('first part\nof it\n\nsecond part', 22), 'first part\nof it\n');
  assert.equal(beginning('first line\nsecond line', 14), 'first line\n');
  assert.equal(beginning('äöüäöü', 5), 'äö');
});

test('nothing in a text closes its fence', () => {
  assert.equal(fenced('brief', 'a\n\n'), '<brief>\na\n</brief>');
  assert.equal(
    fenced('file', 'x</file>', 'a"<b>&.txt'),
    '<file-2 name="a&quot;&lt;b&gt;&amp;.txt">\nx</file>\n</file-2>',
  );
  assert.equal(fenced('file', '</file></file-2>'), '<file-3>\n</file></file-2>\n</file-3>');
});

test('files that are no text are named, not read', () => {
  const host = played({
    files: {
      'b.txt': '\uFEFFline\r\nline',
      'a.bin': new Uint8Array([1, 0, 2]),
      'c.txt': new Uint8Array([0xff, 0xfe]),
      'd.txt': ' \n',
      'e.txt': 'ä'.repeat(50_000),
    },
  });
  const missing = new Missing(host);
  assert.deepEqual(readTexts(host, missing), [
    { name: 'b.txt', text: 'line\nline', size: 13 },
    { name: 'e.txt', text: 'ä'.repeat(16_000), size: 100_000 },
  ]);
  assert.deepEqual(missing.sentences, [
    'a.bin was not read: it is not text in UTF-8',
    'c.txt was not read: it is not text in UTF-8',
    'd.txt was not read: it is empty',
  ]);
  assert.deepEqual(host.lines, missing.sentences);
});

test('of more text than can be read in time, the rest is named', () => {
  const files = Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`f${n + 10}.txt`, 'x'.repeat(32_000)]));
  const missing = new Missing(played());
  assert.equal(readTexts(played({ files }), missing).length, 66);
  assert.equal(missing.sentences[0], 'f76.txt was not read: there are more than 2097152 bytes before it');
});

test('a large file is cut behind a character', () => {
  for (const [at, head] of [
    [31_999, 'ä'],
    [31_998, '世'],
    [31_997, '🦀'],
    [31_999, '🦀'],
  ]) {
    const files = { 'a.txt': 'x'.repeat(at) + head + 'more' };
    const [{ text }] = readTexts(played({ files }), new Missing(played()));
    assert.ok('x'.repeat(at) + head === text || 'x'.repeat(at) === text);
  }
});

test('small files stay whole where large ones are cut, and each cut is told', () => {
  const files = [
    textFile('large', 'line of it\n'.repeat(1000)),
    textFile('small', 'small'),
    textFile('larger', 'line of it\n'.repeat(2000)),
  ];
  const told = [];
  const fitted = fit(files, 2000, (sentence) => told.push(sentence));
  assert.deepEqual(
    fitted.map(({ text }) => byteLength(text)),
    [990, 5, 990],
  );
  assert.deepEqual(told, [
    'large was cut: a call has room for its first 990 of 11000 bytes',
    'larger was cut: a call has room for its first 990 of 22000 bytes',
  ]);
  assert.deepEqual(fit(files, 100_000, assert.fail), files);
  assert.deepEqual(
    fit(files, 100, (sentence) => told.push(sentence)),
    [files[1]],
  );
  assert.deepEqual(told.slice(2), [
    'large was left out: a call has no room for it',
    'larger was left out: a call has no room for it',
  ]);
});

test('where the host finds a request too large, it is asked again with less, and the cut that counts is told once', () => {
  const host = played();
  const missing = new Missing(host);
  const sizes = [];
  const ask = (least) => (files) => {
    sizes.push(byteLength(files[0].text));
    if (sizes.at(-1) > least) throw new CallError('too-large', 'too large');
    return 'answer';
  };
  const files = [textFile('a', 'line\n'.repeat(1000))];
  for (let n = 0; n < 2; n++) assert.equal(withRoom(files, 1000, missing, ask(500)), 'answer');
  assert.deepEqual(sizes, [1000, 600, 360, 1000, 600, 360]);
  assert.deepEqual(host.lines, ['a was cut: a call has room for its first 360 of 5000 bytes']);
  assert.throws(() => withRoom(files, 1000, missing, ask(100)), { kind: 'invalid-input' });
});

test('a request with as much text as there is room for has room for its repair', () => {
  const left = { ...played().allowance(), max_input_tokens: 8000 };
  assert.equal(roomFor(left, 1000, 2000), (8000 - 2000 - 300) * 2.5 - 1000);
  assert.equal(roomFor({ ...left, max_input_tokens: 100 }, 1000, 2000), 0);
});

test('calls and their cost are counted', () => {
  const { host, spent } = counted(played({ answers: [gives({ items: [] }), gives({ items: ['a'] })] }));
  completeJson(host, 'System', 'Text', LIST);
  assert.deepEqual(spent(), { calls: 2, cost_usd: 0.002 });
});

test('which errors leave nothing to try again', () => {
  for (const [error, last] of [
    [new CallError('over-budget', ''), true],
    [new CallError('calls-exhausted', ''), true],
    [new CallError('too-large', ''), true],
    [new CallError('overloaded', ''), false],
    [new CallError('a-word-of-tomorrow', ''), false],
    [new Failure('bad-reply', ''), false],
    [new Error('a bug'), false],
  ]) {
    assert.equal(isLast(error), last);
  }
});

test('tools are run until Claude answers', () => {
  const host = played({ answers: [uses('double'), uses('unknown'), says('4')] });
  assert.equal(textOf(toolLoop(host, request('Use the tool.', '2?'), [double], 5)), '4');
  const { messages } = host.asked[2];
  assert.deepEqual(messages[2].content, [{ type: 'tool_result', tool_use_id: 't1', content: '4', is_error: false }]);
  assert.deepEqual(messages[4].content[0], {
    type: 'tool_result',
    tool_use_id: 't1',
    content: 'there is no tool unknown',
    is_error: true,
  });
});

test('the tool loop ends at its bound', () => {
  const host = played({ answers: [uses('double'), uses('double'), uses('double')] });
  assert.throws(() => toolLoop(host, request('Use the tool.', '2?'), [double], 2), { kind: 'final' });
  assert.equal(host.asked.length, 2);
});

test('a person and another agent are tools, and what they do not do is told to Claude', () => {
  const ask = uses('ask_person', { question: 'Which?' });
  const task = uses('summarizer_summarize', { text: 'x' });
  const host = played({
    answers: [ask, ask, task, task, says('done')],
    people: [{ value: 'This one.' }, new AskError('expired', 'nobody answered')],
    tasks: [
      { job_id: 'j', result: { summary: 's' }, artifacts: [], cost_nanodollars: 1 },
      new TaskError('no-agent', 'there is no agent summarizer'),
    ],
  });
  const tools = [
    personTool(host, 'Asks the owner.', 60_000),
    agentTool(host, {
      agent: 'summarizer',
      action: 'summarize',
      description: 'Summarizes.',
      input_schema: { type: 'object' },
    }),
  ];
  toolLoop(host, request('Use the tools.', 'Go.'), tools, 5);
  const results = host.asked[4].messages.flatMap(({ content }) => content.filter(({ type }) => type === 'tool_result'));
  assert.deepEqual(
    results.map((block) => block.type === 'tool_result' && [block.content, block.is_error]),
    [
      ['This one.', false],
      ['Error: nobody answered', true],
      ['{"summary":"s"}', false],
      ['Error: no-agent: there is no agent summarizer', true],
    ],
  );
  assert.deepEqual(host.questions[0], { prompt: 'Which?', details: undefined, time_limit_ms: 60_000 });
  assert.deepEqual(host.given[0], { agent: 'summarizer', action: 'summarize', payload: { text: 'x' } });
});
