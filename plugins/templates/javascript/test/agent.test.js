// The agent against a Claude that is played: `npm test` needs neither a host nor Wasm.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../src/agent.js';
import { CallError } from '../src/sdk/index.js';
import { gives, played, says } from '../src/sdk/played.js';
import { equalsGolden } from './golden.js';

const payload = { text: 'A long text.' };
const summary = { title: 'T', summary: 'S.', key_points: ['a', 'b'] };

test('a text becomes a summary', () => {
  const host = played({ answers: [gives(summary)] });
  assert.deepEqual(run(host, 'summarize', payload), summary);
  equalsGolden('summarize', host.asked[0]);
});

test('an answer that is no summary is asked for once more', () => {
  const host = played({ answers: [says('Sure! Here it is.'), gives(summary)] });
  assert.deepEqual(run(host, 'summarize', payload), summary);
  assert.deepEqual(host.lines.slice(1), ['repair: the answer is not JSON']);
});

test('an answer that stays malformed is a bad reply, and so is one that was cut', () => {
  for (const answers of [[says('Sure!'), gives({ title: 'T' })], [says('{}', 'max_tokens')]]) {
    assert.throws(() => run(played({ answers }), 'summarize', payload), { kind: 'bad-reply' });
  }
});

test('a budget that is spent is told as such', () => {
  const spent = new CallError('calls-exhausted', 'spent');
  assert.throws(() => run(played({ answers: [spent] }), 'summarize', payload), { kind: 'over-budget' });
});
