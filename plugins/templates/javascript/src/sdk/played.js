// A host for an agent's own tests: its Claude gives the answers that it was given, and what the agent does is kept.

import { Failure } from './failure.js';
import { decode, encode } from './text.js';

export function played(play = {}) {
  const [answers, people, tasks] = [[...(play.answers ?? [])], [...(play.people ?? [])], [...(play.tasks ?? [])]];
  const files = Object.entries(play.files ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const bytes = (content) => (typeof content === 'string' ? encode(content) : content);
  const host = {
    asked: [],
    lines: [],
    artifacts: {},
    questions: [],
    given: [],
    complete(request) {
      host.asked.push(request);
      return next(answers, 'Claude was asked');
    },
    allowance() {
      return {
        job_nanodollars: 2e9,
        window_nanodollars: 8e9,
        calls: 50 - host.asked.length,
        max_input_tokens: 8000,
        max_output_tokens: 2000,
        pressure: 0,
        ...play.allowance,
      };
    },
    progress() {},
    log: (line) => void host.lines.push(line),
    inputs: () => files.map(([name, content]) => ({ name, media_type: 'text/plain', size: bytes(content).length })),
    input(name) {
      const file = files.find((file) => file[0] === name);
      if (!file) throw new Failure('internal', `there is no file ${name}`);
      return bytes(file[1]);
    },
    artifact(name, media_type, content) {
      host.artifacts[name] = typeof content === 'string' ? content : (decode(content) ?? `(${media_type})`);
    },
    setting: (key) => play.settings?.[key],
    ask(question) {
      host.questions.push(question);
      return next(people, 'a person was asked');
    },
    runTask(task) {
      host.given.push(task);
      return next(tasks, 'an agent was asked');
    },
    taskFile: (_, name) => encode(name),
  };
  return host;
}

function next(answers, what) {
  const answer = answers.shift();
  if (answer === undefined) throw new Error(`${what} once too often`);
  if (answer instanceof Error) throw answer;
  return answer;
}

/** A reply of one text. */
export function says(text, stop_reason = 'end_turn') {
  return { content: [{ type: 'text', text }], stop_reason, model: 'played', cost_nanodollars: 1_000_000 };
}

/** A reply of JSON. */
export function gives(value) {
  return says(JSON.stringify(value));
}
