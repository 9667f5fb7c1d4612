// The agent against a Claude that is played: `npm test` needs no host.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe, gives, program, refuses, run, says } from './played.js';

const plugin = program('../my-agent.wasm');
const summarize = (...replies) => run(plugin, 'summarize', { text: 'A "long"\ntext.' }, replies);
const summary = { title: 'T', summary: 'S.', key_points: ['ä', '😀', '\u0001\\"'] };

test('it says what it is', () => {
  const { name, actions } = describe(plugin);
  assert.deepEqual([name, actions[0].name], ['my-agent', 'summarize']);
});

test('a text becomes a summary', () => {
  const { done, asked, calls, printed } = summarize(gives(summary));
  assert.deepEqual(done, summary);
  assert.deepEqual(asked[0].messages, [{ role: 'user', content: 'A "long"\ntext.' }]);
  assert.deepEqual(asked[0].options.output_config.format.schema, describe(plugin).actions[0].output_schema);
  assert.deepEqual(calls, [['job.progress', { fraction: 0.1, line: 'Reading' }]]);
  assert.deepEqual(printed, ['summarizing 14 characters']);
});

test('an answer that is no summary is sent back once', () => {
  for (const [malformed, why] of [
    ['Sure!', 'it is no JSON'],
    ['{"title":"T"}', 'it has no summary'],
    ['['.repeat(5000), 'it is no JSON'],
  ]) {
    const { done, asked, calls } = summarize(says(malformed), gives(summary));
    assert.deepEqual(done, summary);
    assert.deepEqual(asked[1].messages[1], { role: 'assistant', content: [{ type: 'text', text: malformed }] });
    assert.ok(asked[1].messages[2].content.includes(why), asked[1].messages[2].content);
    assert.deepEqual(calls[1], ['job.log', { level: 'warn', line: `repair: ${why}` }]);
  }
});

test('a second one, and one that is cut, are bad replies', () => {
  for (const replies of [[says('Sure!'), gives({ title: 'T' })], [says('{}', 'max_tokens')]]) {
    assert.equal(summarize(...replies).failed.kind, 'bad-reply');
  }
});

test('a budget that is spent is told as such, and so are a refusal and an action that is not there', () => {
  assert.deepEqual(summarize(refuses('calls-exhausted', 'spent')).failed, { kind: 'over-budget', message: 'spent' });
  assert.equal(summarize(says('', 'refusal')).failed.kind, 'final');
  assert.equal(run(plugin, 'dance', {}).failed.kind, 'invalid-input');
});
