//! What lines carry that is no call: the first line to a program, and its last.

use crate::Breach;
use crate::bindings::anvil::agent::claude::{Effort, Extra};
use crate::bindings::exports::anvil::agent::agent_api as wit;
use crate::contract::FIRST;
use crate::end::BreachKind;
use anvil_types::Json;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The contract that the lines speak, as its package and version.
fn contract() -> String {
    format!("anvil:agent@{}", FIRST.version)
}

/// What a program is asked first.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum First<'a> {
    Describe(Describe),
    Run(Run<'a>),
}

#[derive(Serialize)]
struct Describe {
    contract: String,
}

#[derive(Serialize)]
struct Run<'a> {
    contract: String,
    action: &'a str,
    payload: Json,
}

/// The line that asks what a program is.
pub(super) fn describe() -> String {
    Json::of(&First::Describe(Describe { contract: contract() })).as_str().to_owned()
}

/// The line that asks for a job.
pub(super) fn run(job: &wit::Job) -> String {
    let payload = job.payload.parse().unwrap_or_else(|_| Json::null());
    Json::of(&First::Run(Run { contract: contract(), action: &job.action, payload })).as_str().to_owned()
}

/// What a program breaks by that speaks another contract.
pub(super) fn unspoken(other: &str) -> Breach {
    let message = format!(
        "it speaks `{}`; this host speaks `{}`",
        crate::log::cut(other, 120).escape_debug(),
        contract()
    );
    Breach::new(BreachKind::Protocol, message)
}

/// Why a job failed, as a program says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaidFailure {
    kind: String,
    message: String,
}

impl SaidFailure {
    /// For people, bounded.
    pub(super) fn message(&self) -> &str {
        crate::log::cut(&self.message, 400)
    }
}

impl From<SaidFailure> for wit::Failure {
    fn from(said: SaidFailure) -> Self {
        Self { kind: said.kind, message: said.message, extras: Vec::new() }
    }
}

/// What an agent is, as a program says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaidDescription {
    /// Which contract it speaks; that of the first line where it does not say.
    contract: Option<String>,
    name: String,
    version: String,
    summary: String,
    actions: Vec<SaidAction>,
    model_floor: Option<String>,
    #[serde(default)]
    effort: WireEffort,
    #[serde(default)]
    extras: Extras,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidAction {
    name: String,
    summary: String,
    input_schema: Json,
    output_schema: Json,
}

impl SaidDescription {
    /// The contract that it speaks, where this host speaks another.
    pub(super) fn other_contract(&self) -> Option<&str> {
        self.contract.as_deref().filter(|said| *said != contract())
    }
}

impl From<SaidDescription> for wit::Description {
    fn from(said: SaidDescription) -> Self {
        let actions = said.actions.into_iter().map(|action| wit::Action {
            name: action.name,
            summary: action.summary,
            input_schema: action.input_schema.as_str().to_owned(),
            output_schema: action.output_schema.as_str().to_owned(),
        });
        Self {
            name: said.name,
            version: said.version,
            summary: said.summary,
            actions: actions.collect(),
            model_floor: said.model_floor,
            effort: said.effort.into(),
            extras: said.extras.into(),
        }
    }
}

/// An effort by its name.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WireEffort {
    Simple,
    #[default]
    Standard,
    Complex,
}

impl From<WireEffort> for Effort {
    fn from(effort: WireEffort) -> Self {
        match effort {
            WireEffort::Simple => Self::Simple,
            WireEffort::Standard => Self::Standard,
            WireEffort::Complex => Self::Complex,
        }
    }
}

/// Named values: the contract's lists of extras are objects here.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Extras(BTreeMap<String, Json>);

impl From<Extras> for Vec<Extra> {
    fn from(extras: Extras) -> Self {
        let extra = |(name, value): (String, Json)| Extra { name, value: value.as_str().to_owned() };
        extras.0.into_iter().map(extra).collect()
    }
}

impl From<Vec<Extra>> for Extras {
    fn from(extras: Vec<Extra>) -> Self {
        let named = |extra: Extra| {
            // What the host adds is JSON; what is none is handed on as text.
            let value = extra.value.parse().unwrap_or_else(|_| Json::of(&extra.value));
            (extra.name, value)
        };
        Self(extras.into_iter().map(named).collect())
    }
}
