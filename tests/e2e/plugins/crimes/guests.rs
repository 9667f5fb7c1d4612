//! Components that misbehave at work.

use super::{Ending, Row, leaders, made};
use anvil_sandbox::testing::hostile;

/// All of them.
pub(super) fn guests() -> Vec<Row> {
    use Ending::{Copes, Fails, Parks};
    let row = |name: &'static str, ending| made(name, hostile(name).component(), ending);
    let leads =
        |name, agent, lots: &[usize], ending| made(name, leaders::component(name, agent, lots), ending);
    vec![
        row("spins-forever", Fails("cpu-time", "computed for 1s, its limit")),
        row("sleeps-in-a-host-call", Fails("wall-time", "ran for 3s, its limit")),
        row("eats-memory", Fails("memory", "its limit is 16 MiB")),
        row("eats-memory-in-two-memories", Fails("memory", "its limit is 16 MiB")),
        row("grows-tables", Fails("table", "its limit is 1000")),
        row("recurses", Fails("stack", "the stack is full")),
        row("traps", Fails("trap", "unreachable")),
        row("exits", Fails("exit", "exit(0)")),
        row("returns-a-huge-value", Fails("hostcall-size", "larger than 1048576 bytes")),
        row("logs-a-huge-value", Fails("hostcall-size", "larger than 1048576 bytes")),
        row("hoards-resources", Fails("resources", "64 resources")),
        row("returns-no-json", Fails("bad-reply", "the agent's result cannot be taken")),
        row("floods-the-log", Copes("true")),
        row("floods-stdout", Copes("true")),
        row("floods-artifacts", Copes("4")),
        row(
            "names-an-artifact-dotdot",
            Fails("invalid-input", "`../etc/passwd` is no artifact's name: a file's name is a relative path"),
        ),
        row(
            "names-an-input-dotdot",
            Fails("invalid-input", "the job was submitted with no file `../../etc/passwd`"),
        ),
        row("reads-its-file-forever", Copes("0")),
        row("fills-its-state", Fails("quota", "the agent keeps 4 of 4 keys (state_keys); delete some first")),
        row("asks-people-a-million-times", Parks(None)),
        row(
            "asks-a-person",
            Parks(Some("it has 1 open questions, as many as it may (people.open_of_agent ")),
        ),
        leads(
            "leads-itself",
            "leads-itself",
            &[1],
            Fails("not-allowed", "`leads-itself` may not hand work to `leads-itself`"),
        ),
        leads("leads-a-stranger", "stranger", &[1], Fails("not-allowed", "may not hand work to `stranger`")),
        leads(
            "leads-in-a-circle",
            "closes-a-circle",
            &[1],
            Fails("failed", "cycle: `leads-in-a-circle` is at work already"),
        ),
        leads(
            "closes-a-circle",
            "leads-in-a-circle",
            &[1],
            Fails("failed", "cycle: `closes-a-circle` is at work already"),
        ),
        leads(
            "leads-sixty-five",
            "quiet",
            &[32, 32, 1],
            Fails("too-many", "a tree has at most 64 jobs, and this one has as many"),
        ),
    ]
}
