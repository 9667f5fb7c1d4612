// The agent against a Claude that is played: `npm test` needs neither a host nor Wasm.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../src/agent.js';
import { CallError, request, textOf, toolLoop } from '../src/sdk.js';

/** Gives the answers that it was given, and keeps what it was asked. */
function played(...answers) {
  const asked = [];
  return {
    asked,
    complete(request) {
      asked.push(request);
      const answer = answers.shift();
      if (!answer)
        throw new Error('asked once too often');
      if (answer instanceof Error)
        throw answer;
      return answer;
    },
    progress() {},
    log() {},
  };
}

function says(text, stop_reason = 'end_turn') {
  return { content: [{ type: 'text', text }], stop_reason, model: 'played' };
}

function uses(name) {
  return { content: [{ type: 'tool_use', id: 't1', name, input: { n: 2 } }], stop_reason: 'tool_use', model: 'played' };
}
const double = {
  name: 'double',
  description: 'Doubles a number.',
  input_schema: { type: 'object' },
  run: ({ n }) => String(2 * n),
};
const payload = { text: 'A long text.' };

test('a text becomes a summary', () => {
  const summary = { title: 'T', summary: 'S.', key_points: ['a', 'b'] };
  const host = played(says(JSON.stringify(summary)));
  assert.deepEqual(run(host, 'summarize', payload), summary);
  assert.ok(host.asked[0].options?.output_config);
});

test('an answer that is no summary is a bad reply', () => {
  for (const answer of [says('Sure! Here it is.'), says('{}', 'max_tokens')]) {
    assert.throws(() => run(played(answer), 'summarize', payload), { kind: 'bad-reply' });
  }
});

test('a budget that is spent is told as such', () => {
  const spent = new CallError('calls-exhausted', 'spent');
  assert.throws(() => run(played(spent), 'summarize', payload), { kind: 'over-budget' });
});

test('tools are run until Claude answers', () => {
  const host = played(uses('double'), uses('unknown'), says('4'));
  assert.equal(textOf(toolLoop(host, request('Use the tool.', '2?'), [double], 5)), '4');
  const { messages } = host.asked[2];
  assert.deepEqual(messages[2].content, [{ type: 'tool_result', tool_use_id: 't1', content: '4', is_error: false }]);
  assert.deepEqual(messages[4].content[0], {
    type: 'tool_result', tool_use_id: 't1', content: 'there is no tool unknown', is_error: true,
  });
});

test('the tool loop ends at its bound', () => {
  const host = played(uses('double'), uses('double'), uses('double'));
  assert.throws(() => toolLoop(host, request('Use the tool.', '2?'), [double], 2), { kind: 'final' });
  assert.equal(host.asked.length, 2);
});
