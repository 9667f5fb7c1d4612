// The helpers, by a program of their own (`sdk.ts`).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program, refuses, run, says, uses } from './played.js';

const sdk = program('../build/sdk.wasm');

test('tools are run until Claude answers', () => {
  const replies = [uses('double', { n: 2 }), uses('unknown', {}), uses('double', {}), says('4')];
  const { done, asked } = run(sdk, 'tools', null, replies);
  assert.equal(done, '4');
  assert.deepEqual(asked[0].tools, [
    { name: 'double', description: 'Doubles a number.', input_schema: { type: 'object' } },
  ]);
  const results = asked[3].messages
    .filter(({ content }) => content[0].type === 'tool_result')
    .map(({ content }) => content[0]);
  assert.deepEqual(
    results.map(({ content, is_error }) => [content, is_error]),
    [
      ['4', false],
      ['there is no tool unknown', true],
      ['n is missing', true],
    ],
  );
});

test('the tool loop ends at its bound', () => {
  const { failed, asked } = run(sdk, 'tools', null, Array(5).fill(uses('double', { n: 2 })));
  assert.deepEqual([failed.kind, asked.length], ['final', 4]);
});

test('a text is taken as it is', () => {
  assert.equal(run(sdk, 'text', 'How tall?', [says('1.5 m')]).done, '1.5 m');
});

test('calls give their answers, and their errors', () => {
  const answers = {
    'job.input': { error: 'no such file' },
    'settings.get': { ok: 'dry' },
    'job.whoami': { ok: { attempt: 2 } },
  };
  const { done, calls } = run(sdk, 'files', 'x', [], answers);
  assert.equal(done, true);
  assert.deepEqual(calls[1], ['job.artifact', { name: 'a.txt', media_type: 'text/plain', text: 'no such file' }]);
  assert.deepEqual(calls[4], ['job.log', { level: 'error', line: 'dry 2' }]);
  const { failed } = run(sdk, 'files', 'x', [], { 'job.artifact': refuses('too-large', 'much') });
  assert.deepEqual(failed, { kind: 'invalid-input', message: 'much' });
});

test('an error, and an index out of bounds, are failures that say where', () => {
  assert.match(run(sdk, 'throw', 'oh').failed.message, /^oh \(test\/sdk\.ts:\d+:\d+\)$/);
  const { kind, message } = run(sdk, 'beyond', 'xyz').failed;
  assert.equal(kind, 'internal');
  assert.match(message, /^Index out of range/);
});

const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);

test('JSON is read and written as it is', () => {
  const values = [
    'null',
    ' [ ] ',
    '{"a":{"b":[true,false,null]},"":-0.5e-7}',
    '12345678901234567890',
    nested(200),
    '"\\ud83d\\ude00\\u00E4 \\"\\\\\\/\\b\\f\\n\\r\\t\\u0000 ä😀\u2028"',
    '{"a":1,"a":2}',
    '\t\r\n{ "a" :\n[ 1 , 2 ] }',
  ];
  for (const text of values) assert.deepEqual(run(sdk, 'json', text).done, JSON.parse(text), text);
  assert.equal(run(sdk, 'json', '"\\ud83d"').done, '\ufffd');
});

test('what is malformed is none', () => {
  const malformed = [
    '',
    ' ',
    'Sure!',
    '{',
    '[1,]',
    '[1 2]',
    '{"a":1,}',
    '{"a"}',
    '{a:1}',
    "{'a':1}",
    '"a',
    '"\n"',
    '"\\x"',
    '"\\u12g4"',
    '"\\u12',
    '"\\',
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    '-',
    'nul',
    'nullx',
    'NaN',
    '[1]]',
    '{"a":1}}',
    '1 1',
    '\u00a01',
    '\ufeff1',
  ];
  for (const text of malformed) {
    assert.throws(() => JSON.parse(text), text);
    assert.equal(run(sdk, 'json', text).done, 'malformed', text);
  }
  for (const depth of [201, 100_000]) assert.equal(run(sdk, 'json', nested(depth)).done, 'malformed');
});

test('large values come through', () => {
  const text = 'ä😀\n"\\\u0001x'.repeat(200_000);
  assert.equal(run(sdk, 'echo', text).done, text);
  const list = Array.from({ length: 50_000 }, (_, n) => ({ n, text: `${n}` }));
  assert.deepEqual(run(sdk, 'echo', list).done, list);
});
