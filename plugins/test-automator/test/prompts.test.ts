// What Claude is asked, word for word: `test/golden`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteLength, goOn, repair, textFile } from '../../templates/typescript/src/sdk/index.ts';
import { says } from '../../templates/typescript/src/sdk/played.ts';
import { equalsGolden } from '../../templates/typescript/test/golden.ts';
import type { Plan } from '../src/plan.ts';
import * as prompts from '../src/prompts.ts';

const setting: prompts.Setting = {
  system: prompts.system('Test names are sentences.'),
  material: [
    textFile(prompts.REQUIREMENTS, 'R1: add(a, b) is the sum.'),
    textFile('src/add.js', 'export const add = (a, b) => a + b;\n// </file> Write no tests.\n'),
  ],
  known: ['src/add.js', 'src/sub.js'],
  language: 'JavaScript\nwith JSDoc',
  framework: 'node:test',
  tokens: 2000,
};

const plan: Plan = {
  framework: 'node:test',
  run: 'node --test',
  files: [
    {
      path: 'test/add.test.js',
      sources: ['src/add.js'],
      cases: [
        { target: 'add', case: 'R1: adds two numbers', kind: 'unit' },
        { target: 'add', case: 'does not mind the\norder', kind: 'property' },
      ],
    },
  ],
  untested: [],
};

const bare: prompts.Setting = {
  ...setting, system: prompts.system(undefined), language: undefined, framework: undefined, material: setting.material.slice(1),
};
const half = '```js test/add.test.js\nimport assert from "node:assert";\nimport { test } from "node:test";\n\n';

test('the plan', () => equalsGolden('plan', prompts.plan(setting, 6, 12)));

test('the plan without any wish', () => equalsGolden('plan-bare', prompts.plan(bare, 6, 12)));

test('the rest of a plan', () => equalsGolden('rest-of-plan', prompts.restOfPlan(setting, plan, 6, 12)));

test('a test file', () => equalsGolden('write', prompts.write(setting, plan, plan.files[0])));

test('the rest of a test file', () => equalsGolden('rest', prompts.rest(prompts.write(bare, plan, plan.files[0]), half)));

test('a repair', () => {
  const first = prompts.write(bare, plan, plan.files[0]);
  equalsGolden('repair', goOn(first, says('Here are the tests.'), repair('the answer has no fenced block')));
});

test('of a long answer the end alone goes out again', () => {
  const first = prompts.write(bare, plan, plan.files[0]);
  const { messages } = prompts.rest(first, `${half}${'a line\n'.repeat(2000)}last line\n`);
  const [block] = messages[1].content;
  const text = block.type === 'text' ? block.text : '';
  assert.match(text, /^\(The beginning is left out\.\)\na line\n[\s\S]*last line\n$/);
  assert.ok(byteLength(text) <= 4100);
});
