//! Agents that hand work to others, in one way or another to one too many.

use anvil_sandbox::testing::{GuestBuilder, ProgramBuilder};
use std::fmt::Write as _;

/// A program that has an agent do this many tasks at once, one lot after the other, and repeats what it hears.
pub(super) fn program(program: ProgramBuilder, agent: &str, lots: &[usize]) -> ProgramBuilder {
    let task = |n: usize| format!(r#"{{"agent":"{agent}","action":"run","payload":{{"n":{n}}}}}"#);
    let lots = lots.iter().fold(program, |program, count| {
        let tasks: Vec<_> = (0..*count).map(task).collect();
        program.say(&format!(r#"{{"team.run-many":{{"tasks":[{}]}}}}"#, tasks.join(","))).hear().repeat()
    });
    lots.say("{\"done\":1}")
}

/// A component that does the same, and fails with what it was told of the last task of the last lot, where that is a refusal.
///
/// A task has 48 bytes: agent, action, payload, cap, extras. What became of it has 56: whether it failed, and from the eighth
/// byte on the failure's kind and message.
pub(super) fn component(name: &str, agent: &str, lots: &[usize]) -> Vec<u8> {
    let most = lots.iter().copied().max().unwrap_or(0);
    let mut wat = format!(
        "(data (i32.const 256) \"{agent}\") (data (i32.const 400) \"run\") (data (i32.const 410) \"{{}}\")
        (func $task (param $at i32)
          (i32.store (local.get $at) (i32.const 256))
          (i32.store offset=4 (local.get $at) (i32.const {}))
          (i32.store offset=8 (local.get $at) (i32.const 400))
          (i32.store offset=12 (local.get $at) (i32.const 3))
          (i32.store offset=16 (local.get $at) (i32.const 410))
          (i32.store offset=20 (local.get $at) (i32.const 2)))
        (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (local $tasks i32) (local $last i32)
          (local.set $tasks (call $alloc (i32.const {})))",
        agent.len(),
        48 * most,
    );
    for at in 0..most {
        let _ = write!(wat, "(call $task (i32.add (local.get $tasks) (i32.const {})))", 48 * at);
    }
    for count in lots {
        let _ = write!(wat, "(call $team_run_many (local.get $tasks) (i32.const {count}) (i32.const 192))");
    }
    let last = 56 * (lots.last().copied().unwrap_or(1) - 1);
    let _ = write!(
        wat,
        "(local.set $last (i32.add (i32.load (i32.const 192)) (i32.const {last})))
          (if (i32.eqz (i32.load8_u (local.get $last))) (then (return (call $done))))
          (call $fail
            (i32.load offset=8 (local.get $last)) (i32.load offset=12 (local.get $last))
            (i32.load offset=16 (local.get $last)) (i32.load offset=20 (local.get $last))))"
    );
    GuestBuilder::new(name, &wat).component()
}
