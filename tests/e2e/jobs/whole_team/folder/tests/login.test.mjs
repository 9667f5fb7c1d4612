// TREE
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST, fault } from '../code/src/login.js';

const password = 'correct horse';

test('R1: a blank name is refused with a sentence', () => {
  assert.equal(fault({ user: ' ', password }), 'Say who you are.');
});

test('R3: a name of 64 characters passes, and one more does not', () => {
  assert.equal(fault({ user: '🦀'.repeat(MOST), password }), undefined);
  assert.match(fault({ user: 'a'.repeat(MOST + 1), password }), /at most 64/);
});
