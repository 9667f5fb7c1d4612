//! `state` in lines. Values are `text` where they are UTF-8 and `base64` where not.

use super::answer::Answer;
use super::job::{Content, bytes};
use super::wire::Extras;
use crate::bindings::anvil::agent::state as wit;
use crate::bindings::anvil::agent::state::Host as _;
use crate::guest::Guest;
use serde::{Deserialize, Serialize};

/// The most keys of a page, where a program does not say.
const PAGE: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateKey {
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewValue {
    key: String,
    text: Option<String>,
    base64: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedValue {
    key: String,
    expected: Option<u64>,
    text: Option<String>,
    base64: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    #[serde(default)]
    prefix: String,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Serialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    value: Content,
    version: u64,
    extras: Extras,
}

#[derive(Serialize)]
pub(super) struct Page {
    items: Vec<Item>,
    next: Option<String>,
    extras: Extras,
}

#[derive(Serialize)]
struct Item {
    key: String,
    size: u64,
    version: u64,
    extras: Extras,
}

#[derive(Serialize)]
pub(super) struct StateFailure {
    kind: String,
    message: String,
    current_version: Option<u64>,
    extras: Extras,
}

type Told<T> = wasmtime::Result<Answer<T, StateFailure>>;

pub(super) async fn get(guest: &mut Guest, with: StateKey) -> Told<Option<Entry>> {
    Ok(told(wit::Host::get(guest, with.key).await?.map(|entry| entry.map(Into::into))))
}

pub(super) async fn set(guest: &mut Guest, with: NewValue) -> Told<u64> {
    match bytes(with.text, with.base64) {
        Ok(value) => Ok(told(wit::Host::set(guest, with.key, value).await?)),
        Err(why) => Ok(Answer::Error(malformed(why))),
    }
}

pub(super) async fn compare_and_set(guest: &mut Guest, with: ExpectedValue) -> Told<u64> {
    match bytes(with.text, with.base64) {
        Ok(value) => Ok(told(guest.compare_and_set(with.key, with.expected, value).await?)),
        Err(why) => Ok(Answer::Error(malformed(why))),
    }
}

pub(super) async fn delete(guest: &mut Guest, with: StateKey) -> Told<bool> {
    Ok(told(wit::Host::delete(guest, with.key).await?))
}

pub(super) async fn list(guest: &mut Guest, with: Place) -> Told<Page> {
    let page = wit::Host::list(guest, with.prefix, with.after, with.limit.unwrap_or(PAGE)).await?;
    Ok(told(page.map(|page| Page {
        items: page.items.into_iter().map(Into::into).collect(),
        next: page.next,
        extras: page.extras.into(),
    })))
}

fn told<T>(answer: Result<T, wit::StateError>) -> Answer<T, StateFailure> {
    answer.map_err(StateFailure::from).into()
}

fn malformed(message: String) -> StateFailure {
    let kind = anvil_types::CallErrorKind::InvalidRequest.name().to_owned();
    StateFailure { kind, message, current_version: None, extras: Extras::default() }
}

impl From<wit::Entry> for Entry {
    fn from(entry: wit::Entry) -> Self {
        Self { value: Content::of(entry.value), version: entry.version, extras: entry.extras.into() }
    }
}

impl From<wit::Item> for Item {
    fn from(item: wit::Item) -> Self {
        Self { key: item.key, size: item.size, version: item.version, extras: item.extras.into() }
    }
}

impl From<wit::StateError> for StateFailure {
    fn from(error: wit::StateError) -> Self {
        Self {
            kind: error.kind,
            message: error.message,
            current_version: error.current_version,
            extras: error.extras.into(),
        }
    }
}
