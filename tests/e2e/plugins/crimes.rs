//! The gallery of crimes: plugins of every kind that are broken or mean, each with the ending that it has to come to.

use super::files;
use crate::harness::agent;
use anvil_sandbox::testing::{GuestBuilder, ProgramBuilder, hostile, of_another_interface, with_another_run};

/// How a crime ends.
pub(super) enum Ending {
    /// Its file is no agent, and the reason has these words.
    Refused(&'static str),
    /// Its job fails by this name, and the message has these words.
    Fails(&'static str, &'static str),
    /// It is refused what it wants and goes on: the result is this JSON.
    Copes(&'static str),
    /// It is told no, in these words, and goes on; what it heard is in its log.
    Told(&'static str),
    /// It waits for a person, who may cancel it.
    Parks,
}

/// A plugin that is up to no good.
pub(super) struct Crime {
    /// What it is called: its file, and its agent where it has one.
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) ending: Ending,
}

/// All of them.
pub(super) fn crimes() -> Vec<Crime> {
    let crime = |(name, bytes, ending)| Crime { name, bytes, ending };
    [broken_files(), false_descriptions(), guests(), programs()].into_iter().flatten().map(crime).collect()
}

type Row = (&'static str, Vec<u8>, Ending);

/// What is no plugin at all, or was one.
fn broken_files() -> Vec<Row> {
    use Ending::Refused;
    let (real, program) = (agent("code-generator"), ProgramBuilder::new("whole").say("{}").core_module());
    let quiet = GuestBuilder::quiet("whole").component();
    vec![
        ("empty", Vec::new(), Refused("is empty")),
        ("a-text", b"Dear host, this is a text.".to_vec(), Refused("is not a WebAssembly file")),
        ("half-a-header", quiet[..6].to_vec(), Refused("it ends within its header")),
        ("random-bytes", files::random(7, 60_000), Refused("is not a WebAssembly file")),
        (
            "random-behind-a-header",
            [&quiet[..8], &files::random(8, 60_000)].concat(),
            Refused("is incomplete or damaged"),
        ),
        ("half-a-real-plugin", real[..real.len() / 2].to_vec(), Refused("is incomplete or damaged")),
        ("all-but-the-last-byte", real[..real.len() - 1].to_vec(), Refused("is incomplete or damaged")),
        ("half-a-program", program[..program.len() / 2].to_vec(), Refused("is incomplete or damaged")),
        (
            "compiled-code-renamed",
            b"\x7fELF, and so on".to_vec(),
            Refused("is compiled code, which is never loaded"),
        ),
        (
            "compiled-code.cwasm",
            b"\x7fELF, and so on".to_vec(),
            Refused("is compiled code, which is never loaded"),
        ),
        (
            "two-hundred-megabytes",
            files::HUGE.to_vec(),
            Refused("a plugin has at most 32 MiB (`sandbox.plugin_file_mb`)"),
        ),
        ("a-link-out-of-the-folder", files::LINK.to_vec(), Refused("")),
        (
            "a-library-of-something-else",
            files::library(),
            Refused("is a core module of which no agent can be made"),
        ),
        ("another-interface", of_another_interface(), Refused("it exports `greet`")),
        ("another-run", with_another_run(), Refused("`job` is expected to be the record job, found string")),
        (
            "imports-http",
            hostile("imports-http").component(),
            Refused("imports `wasi:http/outgoing-handler@0.2.6`"),
        ),
    ]
}

/// What says of itself what is not so, or does more than that.
fn false_descriptions() -> Vec<Row> {
    use Ending::Refused;
    let guest = |name: &str| hostile(name).component();
    let saying = |line: &str| ProgramBuilder::new("says").describing(line).core_module();
    let described = |more: &str| {
        format!(
            r#"{{"description":{{"name":"says","version":"1.0.0","summary":"","actions":[{{"name":"run","summary":"","input_schema":{more},"output_schema":{{}}}}]}}}}"#
        )
    };
    vec![
        ("describe-spins", guest("describe-spins"), Refused("cannot describe itself: cpu-time: ")),
        ("describe-traps", guest("describe-traps"), Refused("cannot describe itself: trap: ")),
        (
            "describe-asks-claude",
            guest("describe-asks-claude"),
            Refused("`describe` called `claude.complete`"),
        ),
        (
            "describe-reads-its-state",
            guest("describe-reads-its-state"),
            Refused("`describe` called `state.get`"),
        ),
        ("asks-in-its-start-function", files::asks_at_its_start(), Refused("cannot describe itself")),
        (
            "a-name-with-a-space",
            GuestBuilder::quiet("No Name").component(),
            Refused("the agent's name is `No Name`"),
        ),
        (
            "a-name-that-is-an-option",
            GuestBuilder::quiet("--help").component(),
            Refused("begins with a letter or a digit"),
        ),
        (
            "a-version-that-is-none",
            GuestBuilder::quiet("q").version("one").component(),
            Refused("`one` is no semantic version"),
        ),
        (
            "a-schema-that-is-none",
            GuestBuilder::quiet("q").input_schema("{").component(),
            Refused("is no JSON"),
        ),
        ("a-schema-without-end", saying(&described(&files::deep_schema())), Refused("schema")),
        (
            "half-a-description",
            saying("{\"description\":"),
            Refused("protocol: it wrote a line that begins as an object and is none"),
        ),
        (
            "done-before-it-begins",
            saying("{\"done\":1}"),
            Refused("its last line is `done`; it was asked for `description`"),
        ),
        (
            "calls-while-it-describes-itself",
            saying("{\"job.whoami\":{}}"),
            Refused("`describe` called `job.whoami`"),
        ),
        (
            "speaks-another-contract",
            saying(
                r#"{"description":{"contract":"anvil:agent@9.0.0","name":"says","version":"1.0.0","summary":"","actions":[]}}"#,
            ),
            Refused("it speaks `anvil:agent@9.0.0`"),
        ),
        (
            "an-agent-that-can-nothing",
            saying(r#"{"description":{"name":"says","version":"1.0.0","summary":"","actions":[]}}"#),
            Refused("it has 0 actions"),
        ),
    ]
}

/// Components that misbehave at work.
fn guests() -> Vec<Row> {
    use Ending::{Copes, Fails, Parks};
    let row = |name: &'static str, ending| (name, hostile(name).component(), ending);
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
        row("names-an-artifact-dotdot", Fails("invalid-input", "")),
        row("names-an-input-dotdot", Fails("invalid-input", "")),
        row("reads-its-file-forever", Copes("0")),
        row("fills-its-state", Fails("quota", "")),
        row("asks-people-a-million-times", Parks),
    ]
}

/// Programs that misbehave in lines.
fn programs() -> Vec<Row> {
    use Ending::{Fails, Told};
    let row = |name: &'static str, steps: fn(ProgramBuilder) -> ProgramBuilder, ending| {
        (name, steps(ProgramBuilder::new(name)).core_module(), ending)
    };
    vec![
        row(
            "forges-two-last-lines",
            |p| p.say(r#"{"done":1,"failed":2}"#),
            Fails("protocol", "this one has 2"),
        ),
        row("says-half-an-object", |p| p.say("{"), Fails("protocol", "begins as an object and is none")),
        row("says-nothing", |p| p, Fails("protocol", "it ended without a last line")),
        row(
            "describes-itself-at-work",
            |p| p.say(r#"{"description":{}}"#),
            Fails("protocol", "is not as the protocol"),
        ),
        row(
            "leaves-before-its-answer",
            |p| p.say(r#"{"claude.complete":{"messages":[{"role":"user","content":"?"}]}}"#),
            Fails("protocol", "without waiting for the answer"),
        ),
        row(
            "ends-by-a-code",
            |p| p.wat("(call $exit (i32.const 3))"),
            Fails("exit", "an exit code that says it failed"),
        ),
        row(
            "never-reads-its-stdin",
            |p| {
                p.say(r#"{"job.whoami":{}}"#)
                    .wat("(loop $on (call $write (i32.const 1) (i32.const 1024) (i32.const 18)) (br $on))")
            },
            Fails("protocol", "it does not read its standard input"),
        ),
        row(
            "a-line-without-end",
            |p| p.wat("(loop $on (call $write (i32.const 1) (i32.const 2048) (i32.const 60000)) (br $on))"),
            Fails("hostcall-size", "a line that the program writes is longer than 1048576 bytes"),
        ),
        row(
            "waits-for-a-line-that-never-comes",
            |p| p.wat("(drop (call $hear))"),
            Fails("protocol", "no line will ever come"),
        ),
        row("spins-in-a-program", |p| p.wat("(loop $on (br $on))"), Fails("cpu-time", "computed for 1s")),
        row(
            "calls-what-there-is-not",
            |p| p.say(r#"{"host.shutdown":{}}"#).hear().repeat().say(r#"{"done":1}"#),
            Told("\"error\""),
        ),
        row(
            "asks-for-an-answer-at-once",
            |p| {
                p.say(r#"{"people.ask":{"prompt":"?","time_limit_ms":1}}"#)
                    .hear()
                    .repeat()
                    .say("{\"done\":1}")
            },
            Told("invalid-question"),
        ),
        row("has-itself-do-it", |p| has_done(p, "has-itself-do-it", &[1]), Told("\"kind\":\"not-allowed\"")),
        row("one-of-a-circle", |p| has_done(p, "other-of-a-circle", &[1]), Told("other-of-a-circle")),
        row("other-of-a-circle", |p| has_done(p, "one-of-a-circle", &[1]), Told("one-of-a-circle")),
        row(
            "has-thirty-three-tasks-at-once",
            |p| has_done(p, "quiet", &[33]),
            Told("run-many takes at most 32 tasks; these are 33"),
        ),
        row("has-sixty-five-tasks", |p| has_done(p, "quiet", &[32, 32, 1]), Told("\"kind\":\"too-many\"")),
        row("has-a-stranger-do-it", |p| has_done(p, "stranger", &[1]), Told("\"kind\":\"not-allowed\"")),
    ]
}

/// Has an agent do this many tasks at once, one lot after the other, and repeats what it hears.
fn has_done(program: ProgramBuilder, agent: &str, lots: &[usize]) -> ProgramBuilder {
    let task = |n: usize| format!(r#"{{"agent":"{agent}","action":"run","payload":{{"n":{n}}}}}"#);
    let lots = lots.iter().fold(program, |program, count| {
        let tasks: Vec<_> = (0..*count).map(task).collect();
        program.say(&format!(r#"{{"team.run-many":{{"tasks":[{}]}}}}"#, tasks.join(","))).hear().repeat()
    });
    lots.say("{\"done\":1}")
}
