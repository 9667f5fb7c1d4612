// What the agent does: it summarizes a text. Begin your own here.

import { Failure, completeJson } from './sdk/index.js';

/** The schema of `Summary`: Claude keeps to it, and the host checks the result by it. */
const SUMMARY_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'summary', 'key_points'],
  properties: {
    title: { type: 'string' },
    summary: { type: 'string' },
    key_points: { type: 'array', items: { type: 'string' } },
  },
};

/** What the host is told when the plugin is loaded. It makes its form and its checks from the schemas. */
export const description = {
  name: 'my-agent',
  version: '0.1.0',
  summary: 'Summarizes a text.',
  effort: 'simple',
  actions: [
    {
      name: 'summarize',
      summary: 'Gives a title, a summary and the key points of a text.',
      input_schema: {
        type: 'object',
        additionalProperties: false,
        required: ['text'],
        properties: {
          text: {
            type: 'string',
            title: 'Text',
            format: 'textarea',
            minLength: 1,
            description: 'What is to be summarized.',
          },
        },
      },
      output_schema: SUMMARY_SCHEMA,
    },
  ],
};

/** Does a job. */
export function run(host, action, payload) {
  switch (action) {
    case 'summarize':
      return summarize(host, payload); // the host has checked it by the schema
    default:
      throw new Failure('invalid-input', `there is no action ${action}`);
  }
}

function summarize(host, { text }) {
  host.log(`summarizing ${text.length} characters`);
  host.progress(0.1, 'Reading');
  return completeJson(
    host,
    'Summarize the text that you are given, in its own language: a title, a summary of at most three sentences, ' +
      'and three to five key points. Say nothing that the text does not say.',
    text,
    SUMMARY_SCHEMA,
    { max_output_tokens: 1000 },
  );
}
