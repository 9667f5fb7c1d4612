// What the agent does: it summarizes a text. Begin your own here.

import { Json, completeJson, fail, parsed, progress, request } from './sdk';

/** What the host is told when the plugin is loaded. It makes its form and its checks from the schemas. */
export const description = parsed(`{
  "name": "my-agent",
  "version": "0.1.0",
  "summary": "Summarizes a text.",
  "effort": "simple",
  "actions": [
    {
      "name": "summarize",
      "summary": "Gives a title, a summary and the key points of a text.",
      "input_schema": {
        "type": "object",
        "additionalProperties": false,
        "required": ["text"],
        "properties": {
          "text": {
            "type": "string",
            "title": "Text",
            "format": "textarea",
            "minLength": 1,
            "description": "What is to be summarized."
          }
        }
      },
      "output_schema": {
        "type": "object",
        "additionalProperties": false,
        "required": ["title", "summary", "key_points"],
        "properties": {
          "title": { "type": "string" },
          "summary": { "type": "string" },
          "key_points": { "type": "array", "items": { "type": "string" } }
        }
      }
    }
  ]
}`);

/** Does a job. The host has checked the payload by its schema. */
export function run(action: string, payload: Json): Json {
  if (action == 'summarize') return summarize(payload.get('text').text);
  return fail<Json>('invalid-input', `there is no action ${action}`);
}

function summarize(text: string): Json {
  console.log(`summarizing ${text.length.toString()} characters`); // it is in the job's log
  progress(0.1, 'Reading');
  const asked = request(
    'Summarize the text that you are given, in its own language: a title, a summary of at most three sentences, ' +
      'and three to five key points. Say nothing that the text does not say.',
    text,
  ).set('max_output_tokens', Json.number(1000));
  return completeJson(asked, description.get('actions').at(0).get('output_schema'), check);
}

/** What is wrong with an answer, beyond what its schema says; empty where it will do. */
function check(answer: Json): string {
  for (let n = 0, names = ['title', 'summary', 'key_points']; n < names.length; n++) {
    if (!answer.has(names[n])) return `it has no ${names[n]}`;
  }
  return '';
}
