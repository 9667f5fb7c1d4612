//! The diagram of job states in `docs/jobs.md` is what the table of transitions says.

use anvil_types::{JobEvent, JobState};
use std::fmt::Write as _;
use std::path::Path;

const BEGIN: &str = "```mermaid\nstateDiagram-v2\n";
const END: &str = "```";

/// What a reader is told of an event. One that is new needs its words here, and its place in [`JobEvent::ALL`].
fn words(event: JobEvent) -> &'static str {
    match event {
        JobEvent::Due => "its time comes",
        JobEvent::Claim => "claimed",
        JobEvent::Resume => "its reason to wait is gone",
        JobEvent::Park => "has to wait",
        JobEvent::AttemptFailed => "the attempt failed, another follows",
        JobEvent::LeaseLost => "its host is gone",
        JobEvent::Succeed => "done",
        JobEvent::Fail => "given up",
        JobEvent::Cancel => "a person stops it",
        JobEvent::RetryByPerson => "a person runs it again",
        JobEvent::ParentsDone => "its parents succeeded before its time",
        JobEvent::ParentFailed => "a parent failed",
        JobEvent::ParentRetried => "a parent is run again",
        JobEvent::PutOff => "a person gives it a time",
    }
}

/// A line for each two states, with all that leads from one to the other.
fn diagram() -> String {
    let mut text = BEGIN.to_owned();
    for from in JobState::ALL {
        for to in JobState::ALL {
            let leads = |event: &JobEvent| from.after(*event) == Ok(to);
            let events: Vec<_> = JobEvent::ALL.into_iter().filter(leads).map(words).collect();
            if !events.is_empty() {
                writeln!(text, "    {from} --> {to}: {}", events.join(" / ")).expect("text takes text");
            }
        }
    }
    text + END
}

#[test]
fn every_event_has_one_place_in_the_list_and_moves_something() {
    for (place, event) in JobEvent::ALL.into_iter().enumerate() {
        assert_eq!(event as usize, place, "{event:?} stands where it is declared");
        assert!(JobState::ALL.iter().any(|from| from.after(event).is_ok()), "{event:?} moves no state");
    }
}

#[test]
fn the_diagram_of_job_states_is_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/jobs.md");
    let document = std::fs::read_to_string(&path).expect("the document");
    let begin = document.find(BEGIN).expect("docs/jobs.md has the diagram");
    let end = begin + BEGIN.len() + document[begin + BEGIN.len()..].find(END).expect("it ends") + END.len();
    let made = diagram();
    if document[begin..end] == made {
        return;
    }
    if std::env::var_os("ANVIL_TEST_WRITE_DOCS").is_some() {
        std::fs::write(path, [&document[..begin], &made, &document[end..]].concat()).expect("written");
        return;
    }
    panic!(
        "the diagram in docs/jobs.md is stale; ANVIL_TEST_WRITE_DOCS=1 cargo test --workspace --test states writes it anew:\n{made}"
    );
}
