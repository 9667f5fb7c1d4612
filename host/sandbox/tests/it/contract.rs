//! The contract with plugins: what was released stays, and what comes later stands beside it.

use crate::bench::{Bench, host, result};
use anvil_sandbox::testing::{Answer, Recorder, hostile, of_a_later_version, small_limits};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wit_parser::Resolve;

/// The contract's files, with their words.
const WIT: [&str; 7] = [
    include_str!("../../../../wit/claude.wit"),
    include_str!("../../../../wit/job.wit"),
    include_str!("../../../../wit/people.wit"),
    include_str!("../../../../wit/settings.wit"),
    include_str!("../../../../wit/state.wit"),
    include_str!("../../../../wit/team.wit"),
    include_str!("../../../../wit/world.wit"),
];
/// As it was released.
const RELEASED: &str = include_str!("../../../../wit/released/0.1.0/agent.wit");
/// A plugin that was built then.
const FIXTURE: &[u8] = include_bytes!("../../../../tests/agents/every-function/released-0.1.0.wasm");
/// Its digest: it is never built again.
const FIXTURE_DIGEST: &str = "c4bcf36a1fd839bb53d6329a4e73549826e018e742932ef085449ec6bb2cda14";

/// The lines that mean something.
fn code(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim_end);
    lines.filter(|line| !line.trim_start().starts_with("//") && !line.is_empty()).collect()
}

#[test]
fn the_contract_is_as_it_was_released() {
    let mut now = vec!["package anvil:agent@0.1.0;"];
    for file in WIT {
        let lines = code(file);
        assert_eq!(lines[0], now[0], "each file is of the package");
        now.extend(&lines[1..]);
    }
    assert_eq!(now, code(RELEASED), "plugins that are built break by any change; see docs/decisions/0014");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_of_the_released_contract_finds_every_function() {
    assert_eq!(blake3::hash(FIXTURE).to_hex().as_str(), FIXTURE_DIGEST, "the fixture is what people have");
    let bench = Bench::holding(vec![FIXTURE.to_vec()]).await;
    let host = Recorder::new(7, Answer::Reply(Duration::ZERO)).submitted_with(&[("in.txt", b"in")]);
    let host = Arc::new(host);
    let end = bench.run("every-function", &host, small_limits()).await;
    let told: BTreeMap<String, Value> = serde_json::from_str(result(&end)).unwrap();

    let mut resolve = Resolve::default();
    resolve.push_str("agent.wit", RELEASED).unwrap();
    let functions = resolve.interfaces.iter().flat_map(|(_, interface)| {
        let of = interface.name.clone().unwrap_or_default();
        interface.functions.keys().map(move |name| format!("{of}.{name}")).collect::<Vec<_>>()
    });
    // What it does itself, and what gives no answer to tell of.
    let silent = ["agent-api.describe", "agent-api.run", "job.progress", "job.log"];
    let missing: Vec<_> =
        functions.filter(|name| !told.contains_key(name) && !silent.contains(&name.as_str())).collect();
    assert_eq!(missing, Vec::<String>::new());

    let said = |function: &str| told[function].as_str().unwrap();
    assert!(said("claude.complete").starts_with("Ok(Reply {"), "{}", said("claude.complete"));
    assert_eq!(said("claude.complete-many").matches("Ok(Reply {").count(), 2);
    assert!(said("job.input").starts_with("Ok("), "{}", said("job.input"));
    assert_eq!(host.requests().len(), 3);
    assert_eq!(host.requests()[0].messages.iter().map(|message| message.content.len()).sum::<usize>(), 6);
    assert_eq!(host.artifacts(), [("a/b.txt".to_owned(), "text/plain".to_owned(), 5)]);
    assert_eq!(host.state_asks().len(), 5);
    assert_eq!(host.questions().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_version_stands_beside_the_released_one() {
    let plain = hostile("asks-claude").component();
    let bench = Bench::holding(vec![plain, of_a_later_version(), FIXTURE.to_vec()]).await;
    let later = host();
    assert_eq!(result(&bench.run("later", &later, small_limits()).await), r#""hi""#);
    let asked = &later.requests()[0];
    assert_eq!(asked.system.as_deref(), Some("Be brief.\nBe kind."));
    assert_eq!(asked.effort, Some(anvil_types::Effort::Complex), "its own word has one of the house");
    for released in ["asks-claude", "every-function"] {
        result(&bench.run(released, &host(), small_limits()).await);
    }
}
