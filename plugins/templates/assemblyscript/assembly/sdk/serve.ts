import { Json } from './json';
import { begin, lineIn, lineOut } from './lines';

/** Answers the host: says what the agent is, or does its job. */
export function serve(description: Json, run: (action: string, payload: Json) => Json): void {
  const asked = Json.parse(lineIn());
  if (!asked || !asked.has('run')) {
    lineOut('description', description);
    return;
  }
  begin();
  const job = asked.get('run');
  lineOut('done', run(job.get('action').text, job.get('payload')));
}
