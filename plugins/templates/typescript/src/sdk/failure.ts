// Why there is no result.

/**
 * Ends the job without a result. `invalid-input`, `over-budget` and `final` are not tried again; `bad-reply` and
 * `internal` are. Any other error that an agent throws is `internal`.
 */
export class Failure extends Error {
  kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

const FAILURES: Record<string, string> = {
  'over-budget': 'over-budget',
  'calls-exhausted': 'over-budget',
  'too-large': 'invalid-input',
  'invalid-request': 'final',
  'unbounded-content': 'final',
};

/** A call to Claude without a reply. `call` is the call's own kind of error. */
export class CallError extends Failure {
  call: string;

  constructor(call: string, message: string) {
    super(FAILURES[call] ?? 'internal', message);
    this.call = call;
  }
}

/** A task that another agent did not do. `task` is the task's own kind of error. */
export class TaskError extends Failure {
  task: string;

  constructor(task: string, message: string) {
    super(task === 'over-budget' ? 'over-budget' : 'final', message);
    this.task = task;
  }
}

/** A question that nobody answered. `asking` is its own kind of error. */
export class AskError extends Failure {
  asking: string;

  constructor(asking: string, message: string) {
    super(asking === 'internal' ? 'internal' : 'final', message);
    this.asking = asking;
  }
}

/**
 * Whether trying again leads nowhere: a job that has something useful by then delivers it, and says what is missing.
 * What is not `last` is thrown on: the host tries again, and what was paid for comes from the journal.
 */
export function isLast(error: unknown): error is Failure {
  return error instanceof Failure && error.kind !== 'internal' && error.kind !== 'bad-reply';
}
