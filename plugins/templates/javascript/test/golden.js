// Prompts in files: a change of what Claude is asked is a change that is read. `ANVIL_TEST_WRITE_GOLDEN=1 npm test` writes

// them anew.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Holds a request against `test/golden/NAME.txt`. */
export function equalsGolden(name, request) {
  const path = `test/golden/${name}.txt`;
  if (process.env.ANVIL_TEST_WRITE_GOLDEN) {
    mkdirSync('test/golden', { recursive: true });
    writeFileSync(path, asText(request));
  }
  assert.equal(asText(request), readFileSync(path, 'utf8'), `${path} says something else`);
}

function asText({ system, messages, options, effort, max_output_tokens }) {
  const config = options?.output_config;
  const parts = [
    `effort ${effort}, at most ${max_output_tokens} tokens`,
    ...(system === undefined ? [] : [`=== system\n${system}`]),
    ...messages.map(({ role, content }) => {
      const said = content.map((block) => (block.type === 'text' ? block.text : JSON.stringify(block, null, 2)));
      return `=== ${role}\n${said.join('\n')}`;
    }),
    ...(config?.format ? [`=== schema of the answer\n${JSON.stringify(config.format.schema, null, 1)}`] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
