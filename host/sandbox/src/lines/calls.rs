//! The host's functions by their names in lines.

use super::answer::{Answer, Nothing, ok};
use super::{claude, job, people, state, team};
use crate::bindings::anvil::agent::settings::Host as _;
use crate::guest::Guest;
use crate::log::cut;
use anvil_types::{CallErrorKind, Json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What there is to call. A test holds it against the contract.
pub(super) const FUNCTIONS: [&str; 21] = [
    "claude.complete",
    "claude.complete-many",
    "claude.allowance",
    "job.progress",
    "job.log",
    "job.artifact",
    "job.whoami",
    "job.inputs",
    "job.input",
    "job.parent-artifact",
    "people.ask",
    "settings.get",
    "settings.keys",
    "state.get",
    "state.set",
    "state.compare-and-set",
    "state.delete",
    "state.list",
    "team.run",
    "team.run-many",
    "team.artifact",
];

/// A call that cannot be made as it stands.
#[derive(Serialize)]
struct Misfit {
    kind: &'static str,
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    key: String,
}

/// Makes a call; answers the line that the program is told.
pub(super) async fn answer(guest: &mut Guest, name: &str, with: &Json) -> wasmtime::Result<String> {
    match name {
        "claude.complete" => calling(guest, name, with, claude::complete).await,
        "claude.complete-many" => calling(guest, name, with, claude::complete_many).await,
        "claude.allowance" => calling(guest, name, with, claude::allowance).await,
        "job.progress" => calling(guest, name, with, job::progress).await,
        "job.log" => calling(guest, name, with, job::log).await,
        "job.artifact" => calling(guest, name, with, job::artifact).await,
        "job.whoami" => calling(guest, name, with, job::whoami).await,
        "job.inputs" => calling(guest, name, with, job::inputs).await,
        "job.input" => calling(guest, name, with, job::input).await,
        "job.parent-artifact" => calling(guest, name, with, job::parent_artifact).await,
        "people.ask" => calling(guest, name, with, people::ask).await,
        "state.get" => calling(guest, name, with, state::get).await,
        "state.set" => calling(guest, name, with, state::set).await,
        "state.compare-and-set" => calling(guest, name, with, state::compare_and_set).await,
        "state.delete" => calling(guest, name, with, state::delete).await,
        "state.list" => calling(guest, name, with, state::list).await,
        "settings.get" => {
            calling(guest, name, with, async |guest: &mut Guest, with: Key| guest.get(with.key).await.map(ok))
                .await
        }
        "settings.keys" => {
            calling(guest, name, with, async |guest: &mut Guest, Nothing {}| guest.keys().await.map(ok)).await
        }
        "team.run" => calling(guest, name, with, team::run).await,
        "team.run-many" => calling(guest, name, with, team::run_many).await,
        "team.artifact" => calling(guest, name, with, team::artifact).await,
        _ => Ok(misfit(format!(
            "there is no function `{}`; there are {}",
            cut(name, 80),
            FUNCTIONS.join(", ")
        ))),
    }
}

async fn calling<W, A>(
    guest: &mut Guest,
    name: &str,
    with: &Json,
    call: impl AsyncFnOnce(&mut Guest, W) -> wasmtime::Result<A>,
) -> wasmtime::Result<String>
where
    W: DeserializeOwned,
    A: Serialize,
{
    match serde_json::from_str(with.as_str()) {
        Ok(with) => Ok(Json::of(&call(guest, with).await?).as_str().to_owned()),
        Err(error) => Ok(misfit(format!("`{name}` is not called as the protocol has it: {error}"))),
    }
}

fn misfit(message: String) -> String {
    let error = Misfit { kind: CallErrorKind::InvalidRequest.name(), message };
    Json::of(&Answer::<(), _>::Error(error)).as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::COMPONENT_TYPE;
    use wit_parser::WorldItem;
    use wit_parser::decoding::decode_world;

    #[test]
    fn lines_have_every_function_of_the_contract_by_its_name() {
        let (resolve, world) = decode_world(COMPONENT_TYPE).expect("our own contract");
        let mut contract = Vec::new();
        for (key, item) in &resolve.worlds[world].imports {
            let WorldItem::Interface { id, .. } = item else { continue };
            let name = resolve.name_world_key(key);
            let Some(name) = name.strip_prefix("anvil:agent/").and_then(|name| name.split('@').next()) else {
                continue;
            };
            contract.extend(
                resolve.interfaces[*id].functions.keys().map(|function| format!("{name}.{function}")),
            );
        }
        let mut lines = FUNCTIONS.map(str::to_owned).to_vec();
        contract.sort();
        lines.sort();
        assert_eq!(lines, contract);
    }

    #[test]
    fn the_page_of_the_protocol_names_every_function() {
        let page = include_str!("../../../../docs/line-protocol.md");
        for function in FUNCTIONS {
            assert!(page.contains(&format!("`{function}`")), "{function}");
        }
    }
}
