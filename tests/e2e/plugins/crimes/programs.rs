//! Programs that misbehave in lines.

use super::{Ending, Row, leaders, made};
use anvil_sandbox::testing::ProgramBuilder;

/// All of them.
pub(super) fn programs() -> Vec<Row> {
    [out_of_protocol(), asking(), leading()].into_iter().flatten().collect()
}

type Steps = fn(ProgramBuilder) -> ProgramBuilder;

fn row(name: &'static str, steps: Steps, ending: Ending) -> Row {
    made(name, steps(ProgramBuilder::new(name)).core_module(), ending)
}

/// What says what it should not, or nothing.
fn out_of_protocol() -> Vec<Row> {
    use Ending::{Fails, Told};
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
        row(
            "says-ten-thousand-lines",
            |p| {
                p.and("(global $n (mut i32) (i32.const 0))")
                    .wat("(loop $on")
                    .write(1, "hello\n")
                    .wat("(global.set $n (i32.add (global.get $n) (i32.const 1))) (br_if $on (i32.lt_u (global.get $n) (i32.const 10000))))")
                    .say("{\"done\":1}")
            },
            Told("[9900 more lines ("),
        ),
        row(
            "a-line-of-many-brackets",
            |p| p.say(&format!(r#"{{"job.log":{{"line":{}{}}}}}"#, "[".repeat(20_000), "]".repeat(20_000))),
            Fails("protocol", "it is nested deeper than 100 levels"),
        ),
        row("spins-in-a-program", |p| p.wat("(loop $on (br $on))"), Fails("cpu-time", "computed for 1s")),
    ]
}

/// What asks for more than it may have.
fn asking() -> Vec<Row> {
    use Ending::{Parks, Told};
    vec![
        row(
            "fills-its-state-in-lines",
            |p| {
                let set = |p: ProgramBuilder, key| {
                    p.say(&format!(r#"{{"state.set":{{"key":"{key}","text":"full"}}}}"#)).hear()
                };
                ["a", "b", "c", "d", "e"].into_iter().fold(p, set).repeat().say("{\"done\":1}")
            },
            Told("the agent keeps 4 of 4 keys (state_keys); delete some first"),
        ),
        row(
            "names-an-input-dotdot-in-a-line",
            |p| p.say(r#"{"job.input":{"name":"../../etc/passwd"}}"#).hear().repeat().say("{\"done\":1}"),
            Told("the job was submitted with no file `../../etc/passwd`"),
        ),
        row(
            "asks-people-in-lines",
            |p| {
                let asks = r#"{"people.ask":{"prompt":"Ship it?"}}"#;
                p.wat("(loop $on").say(asks).hear().repeat().wat("(br $on))")
            },
            Parks(None),
        ),
        row(
            "asks-people-twice-in-lines",
            |p| p.say(r#"{"people.ask":{"prompt":"Ship it?"}}"#).hear().repeat().say("{\"done\":1}"),
            Parks(Some("it has 1 open questions, as many as it may (people.open_of_agent ")),
        ),
        row(
            "calls-what-there-is-not",
            |p| p.say(r#"{"host.shutdown":{}}"#).hear().repeat().say(r#"{"done":1}"#),
            Told("\"kind\":\"invalid-request\""),
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
    ]
}

/// What has others do what they may not do for it.
fn leading() -> Vec<Row> {
    use Ending::Told;
    vec![
        row(
            "has-itself-do-it",
            |p| leaders::program(p, "has-itself-do-it", &[1]),
            Told("`has-itself-do-it` may not hand work to `has-itself-do-it`"),
        ),
        row(
            "one-of-a-circle",
            |p| leaders::program(p, "other-of-a-circle", &[1]),
            Told("\"kind\":\"cycle\",\"message\":\"`one-of-a-circle` is at work already"),
        ),
        row(
            "other-of-a-circle",
            |p| leaders::program(p, "one-of-a-circle", &[1]),
            Told("\"kind\":\"cycle\",\"message\":\"`other-of-a-circle` is at work already"),
        ),
        row(
            "has-thirty-three-tasks-at-once",
            |p| leaders::program(p, "quiet", &[33]),
            Told("run-many takes at most 32 tasks; these are 33"),
        ),
        row(
            "has-sixty-five-tasks",
            |p| leaders::program(p, "quiet", &[32, 32, 1]),
            Told("a tree has at most 64 jobs, and this one has as many"),
        ),
        row(
            "has-a-stranger-do-it",
            |p| leaders::program(p, "stranger", &[1]),
            Told("`has-a-stranger-do-it` may not hand work to `stranger`"),
        ),
    ]
}
