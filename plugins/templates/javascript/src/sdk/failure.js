// Why there is no result.

/**
 * Ends the job without a result. `invalid-input`, `over-budget` and `final` are not tried again; `bad-reply` and
 * `internal` are. Any other error that an agent throws is `internal`.
 */
export class Failure extends Error {
  kind;
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

const FAILURES = {
  'over-budget': 'over-budget',
  'calls-exhausted': 'over-budget',
  'too-large': 'invalid-input',
  'invalid-request': 'final',
  'unbounded-content': 'final',
};

/** A call to Claude without a reply. `call` is the call's own kind of error. */
export class CallError extends Failure {
  call;
  constructor(call, message) {
    super(FAILURES[call] ?? 'internal', message);
    this.call = call;
  }
}

/** A task that another agent did not do. `task` is the task's own kind of error. */
export class TaskError extends Failure {
  task;
  constructor(task, message) {
    super(task === 'over-budget' ? 'over-budget' : 'final', message);
    this.task = task;
  }
}

/** A question that nobody answered. `asking` is its own kind of error. */
export class AskError extends Failure {
  asking;
  constructor(asking, message) {
    super(asking === 'internal' ? 'internal' : 'final', message);
    this.asking = asking;
  }
}

/**
 * Whether trying again leads nowhere: a job that has something useful by then delivers it, and says what is missing.
 * What is not `last` is thrown on: the host tries again, and what was paid for comes from the journal.
 */
export function isLast(error) {
  return error instanceof Failure && error.kind !== 'internal' && error.kind !== 'bad-reply';
}
