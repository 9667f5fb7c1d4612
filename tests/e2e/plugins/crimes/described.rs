//! What says of itself what is not so, or does more than that.

use super::{Ending, Row, files, made};
use anvil_sandbox::testing::{GuestBuilder, ProgramBuilder, hostile};

/// All of them.
pub(super) fn plugins() -> Vec<Row> {
    use Ending::Refused;
    let guest = |name: &str| hostile(name).component();
    let saying = |line: &str| ProgramBuilder::new("says").describing(line).core_module();
    let described = |more: &str| {
        format!(
            r#"{{"description":{{"name":"says","version":"1.0.0","summary":"","actions":[{{"name":"run","summary":"","input_schema":{more},"output_schema":{{}}}}]}}}}"#
        )
    };
    vec![
        made("describe-spins", guest("describe-spins"), Refused("cannot describe itself: cpu-time: ")),
        made("describe-traps", guest("describe-traps"), Refused("cannot describe itself: trap: ")),
        made(
            "describe-asks-claude",
            guest("describe-asks-claude"),
            Refused("`describe` called `claude.complete`"),
        ),
        made(
            "describe-reads-its-state",
            guest("describe-reads-its-state"),
            Refused("`describe` called `state.get`"),
        ),
        made(
            "asks-in-its-start-function",
            files::asks_at_its_start(),
            Refused(
                "cannot describe itself: instantiate: it cannot be started: trap: wasm trap: uninitialized element",
            ),
        ),
        made(
            "a-program-that-asks-in-its-start-function",
            ProgramBuilder::new("says").say("{\"job.whoami\":{}}").and("(start $run)").core_module(),
            Refused("cannot describe itself: trap: wasm trap: uninitialized element"),
        ),
        made(
            "a-name-with-a-space",
            GuestBuilder::quiet("No Name").component(),
            Refused("the agent's name is `No Name`"),
        ),
        made(
            "a-name-that-is-an-option",
            GuestBuilder::quiet("--help").component(),
            Refused("begins with a letter or a digit"),
        ),
        made(
            "a-version-that-is-none",
            GuestBuilder::quiet("q").version("one").component(),
            Refused("`one` is no semantic version"),
        ),
        made(
            "a-schema-that-is-none",
            GuestBuilder::quiet("q").input_schema("{").component(),
            Refused("is no JSON"),
        ),
        made("a-schema-without-end", saying(&described(&files::deep_schema())), Refused("schema")),
        made(
            "half-a-description",
            saying("{\"description\":"),
            Refused("protocol: it wrote a line that begins as an object and is none"),
        ),
        made(
            "done-before-it-begins",
            saying("{\"done\":1}"),
            Refused("its last line is `done`; it was asked for `description`"),
        ),
        made(
            "calls-while-it-describes-itself",
            saying("{\"job.whoami\":{}}"),
            Refused("`describe` called `job.whoami`"),
        ),
        made(
            "speaks-another-contract",
            saying(
                r#"{"description":{"contract":"anvil:agent@9.0.0","name":"says","version":"1.0.0","summary":"","actions":[]}}"#,
            ),
            Refused("it speaks `anvil:agent@9.0.0`"),
        ),
        made(
            "an-agent-that-can-nothing",
            saying(r#"{"description":{"name":"says","version":"1.0.0","summary":"","actions":[]}}"#),
            Refused("it has 0 actions"),
        ),
    ]
}
