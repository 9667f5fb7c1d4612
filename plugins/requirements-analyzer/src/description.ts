// What the host is told: the action, and the schemas of its payload and result.

import type { Description, Json } from '../../templates/typescript/src/sdk/index.ts';

const TEXTS: Json = { type: 'array', items: { type: 'string' } };

const PAYLOAD: Json = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Analyze a brief',
  type: 'object',
  additionalProperties: false,
  required: ['brief'],
  properties: {
    brief: {
      type: 'string',
      title: 'Brief',
      format: 'textarea',
      minLength: 1,
      description: 'What is wanted, in your own words. Files beside it (a longer brief, existing code) are read too.',
      examples: ['A booking page for our three meeting rooms. Nobody may book a room twice for the same time.'],
    },
    constraints: {
      type: 'string',
      title: 'Constraints',
      format: 'textarea',
      description: 'What must hold whatever is built.',
      examples: ['Runs on our own server. Works with the keyboard alone.'],
    },
  },
};

const RESULT: Json = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Requirements',
  type: 'object',
  additionalProperties: false,
  required: [
    'summary', 'requirements', 'assumptions', 'open_questions', 'out_of_scope', 'complete', 'missing', 'files', 'calls',
    'cost_usd',
  ],
  properties: {
    summary: { type: 'string', description: 'What is to be built, for whom and what for.' },
    requirements: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'kind', 'statement', 'priority', 'acceptance'],
        properties: {
          id: { type: 'string', pattern: '^R[1-9][0-9]*$' },
          kind: { type: 'string', enum: ['functional', 'quality', 'constraint'] },
          statement: { type: 'string' },
          priority: { type: 'string', enum: ['must', 'should', 'could'] },
          acceptance: { ...TEXTS, minItems: 1, description: 'How each can be checked.' },
        },
      },
    },
    assumptions: { ...TEXTS, description: 'What was taken for granted where the brief is silent.' },
    open_questions: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['question', 'why'],
        properties: { question: { type: 'string' }, why: { type: 'string', description: 'What hangs on the answer.' } },
      },
    },
    out_of_scope: TEXTS,
    complete: { type: 'boolean', description: 'Whether nothing is missing.' },
    missing: { ...TEXTS, description: 'What was not read or not worked out, and why.' },
    files: { ...TEXTS, description: 'The files that were handed over.' },
    calls: { type: 'integer', minimum: 1, description: 'How many calls got a reply.' },
    cost_usd: { type: 'number', minimum: 0, description: 'What they cost, in US dollars.' },
  },
};

export const description: Description = {
  name: 'requirements-analyzer',
  version: '0.1.0',
  summary: 'Works out of a brief what is to be built: requirements with acceptance criteria, assumptions, open questions.',
  effort: 'standard',
  actions: [
    {
      name: 'analyze',
      summary: 'Turns a brief into requirements that can be checked, and says what the brief leaves open.',
      input_schema: PAYLOAD,
      output_schema: RESULT,
    },
  ],
};
