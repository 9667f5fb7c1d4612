// What the host is told: the action, and the schemas of its payload and result.

import type { Description, Json } from '../../templates/typescript/src/sdk/index.ts';

/** Test files where the payload does not say. */
export const FILES_MAX = 6;

const TEXTS: Json = { type: 'array', items: { type: 'string' } };

const PAYLOAD: Json = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Generate tests',
  type: 'object',
  additionalProperties: false,
  examples: [{ files: [{ path: 'src/add.js', content: 'export const add = (a, b) => a + b;\n' }] }],
  properties: {
    requirements: {
      type: 'string',
      title: 'Requirements',
      format: 'textarea',
      description: 'What the code is to do. Without it the tests go by what the code says of itself.',
      examples: ['R1: add(a, b) is the sum of two finite numbers. R2: anything else throws a TypeError.'],
    },
    language: {
      type: 'string',
      title: 'Language',
      maxLength: 200,
      description: 'The language of the tests. Left empty, that of the code.',
      examples: ['TypeScript', 'Python 3.13'],
    },
    framework: {
      type: 'string',
      title: 'Framework',
      maxLength: 200,
      description: 'What runs the tests. Left empty, what is usual for the language, without a package where that is possible.',
      examples: ['node:test', 'pytest', 'cargo test with proptest'],
    },
    files_max: {
      type: 'integer',
      title: 'Most files',
      description: `The most test files, each of which takes a call or two; ${FILES_MAX} where this is empty.`,
      minimum: 1,
      maximum: 24,
      examples: [3],
    },
    files: {
      type: 'array',
      title: 'Code as JSON',
      description: 'The code to test. Files that the job comes with are code to test as well; there is at least one in all.',
      maxItems: 64,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['path', 'content'],
        properties: { path: { type: 'string', minLength: 1, maxLength: 255 }, content: { type: 'string' } },
      },
      examples: [[{ path: 'src/add.js', content: 'export const add = (a, b) => a + b;' }]],
    },
  },
};

const RESULT: Json = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Generated tests',
  type: 'object',
  additionalProperties: false,
  required: ['framework', 'run', 'plan', 'files', 'untested', 'complete', 'missing', 'calls', 'cost_usd'],
  properties: {
    framework: { type: 'string' },
    run: { type: 'string', description: 'The command that runs the tests. Read it before you do: Claude wrote it.' },
    plan: {
      type: 'array',
      description: 'The cases, in the order of the files.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['target', 'case', 'kind'],
        properties: {
          target: { type: 'string', description: 'What is tested: a function, a type, a route.' },
          case: { type: 'string', description: 'What must hold.' },
          kind: { type: 'string', enum: ['unit', 'integration', 'property'] },
        },
      },
    },
    files: {
      type: 'array',
      description: 'The test files that were handed over.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['path', 'covers', 'bytes'],
        properties: { path: { type: 'string' }, covers: TEXTS, bytes: { type: 'integer', minimum: 1 } },
      },
    },
    untested: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['target', 'why'],
        properties: { target: { type: 'string' }, why: { type: 'string' } },
      },
    },
    complete: { type: 'boolean', description: 'Whether nothing is missing.' },
    missing: { ...TEXTS, description: 'What was not read or not written, and why.' },
    calls: { type: 'integer', minimum: 1, description: 'How many calls got a reply.' },
    cost_usd: { type: 'number', minimum: 0, description: 'What they cost, in US dollars.' },
  },
};

export const description: Description = {
  name: 'test-automator',
  version: '0.1.0',
  summary: 'Plans tests for existing code and writes them, file by file.',
  effort: 'standard',
  actions: [
    {
      name: 'generate-tests',
      summary: 'Plans which cases are worth a test, writes the test files, and says what stays untested.',
      input_schema: PAYLOAD,
      output_schema: RESULT,
    },
  ],
};
