//! `job` in lines. Bytes are `text` where they are UTF-8 and `base64` where not.

use super::answer::{Answer, Nothing, ok};
use super::wire::Extras;
use crate::bindings::anvil::agent::job as wit;
use crate::bindings::anvil::agent::job::Host as _;
use crate::guest::Guest;
use anvil_types::Json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    fraction: f64,
    #[serde(default)]
    line: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    #[serde(default)]
    level: Level,
    line: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewArtifact {
    name: String,
    media_type: String,
    text: Option<String>,
    base64: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParentFile {
    parent_id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InputName {
    name: String,
}

#[derive(Serialize)]
pub(super) struct Input {
    name: String,
    media_type: String,
    size: u64,
    digest: String,
    extras: Extras,
}

/// Bytes as a program is given them.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content {
    Text(String),
    Base64(String),
}

impl Content {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Base64(STANDARD.encode(error.as_bytes())),
        }
    }
}

/// Bytes as a program gives them.
pub(super) fn bytes(text: Option<String>, base64: Option<String>) -> Result<Vec<u8>, String> {
    match (text, base64) {
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(text)) => {
            STANDARD.decode(text).map_err(|error| format!("the bytes are no base64: {error}"))
        }
        _ => Err("bytes are given as `text` or as `base64`".to_owned()),
    }
}

#[derive(Serialize)]
pub(super) struct Identity {
    id: String,
    attempt: u32,
    tags: Vec<String>,
    parents: Vec<Parent>,
    extras: Extras,
}

#[derive(Serialize)]
struct Parent {
    id: String,
    agent: String,
    result: Json,
    artifacts: Vec<Artifact>,
}

#[derive(Serialize)]
pub(super) struct Artifact {
    name: String,
    media_type: String,
    size: u64,
}

impl From<wit::ArtifactRef> for Artifact {
    fn from(file: wit::ArtifactRef) -> Self {
        Self { name: file.name, media_type: file.media_type, size: file.size }
    }
}

pub(super) async fn progress(guest: &mut Guest, with: Progress) -> wasmtime::Result<Answer<(), ()>> {
    guest.progress(with.fraction, with.line).await.map(ok)
}

pub(super) async fn log(guest: &mut Guest, with: Log) -> wasmtime::Result<Answer<(), ()>> {
    let level = match with.level {
        Level::Debug => wit::Level::Debug,
        Level::Info => wit::Level::Info,
        Level::Warn => wit::Level::Warn,
        Level::Error => wit::Level::Error,
    };
    wit::Host::log(guest, level, with.line).await.map(ok)
}

pub(super) async fn artifact(guest: &mut Guest, with: NewArtifact) -> wasmtime::Result<Answer<(), String>> {
    match bytes(with.text, with.base64) {
        Ok(bytes) => guest.artifact(with.name, with.media_type, bytes).await.map(Into::into),
        Err(why) => Ok(Answer::Error(why)),
    }
}

pub(super) async fn parent_artifact(
    guest: &mut Guest,
    with: ParentFile,
) -> wasmtime::Result<Answer<Content, String>> {
    let read = guest.parent_artifact(with.parent_id, with.name).await?;
    Ok(read.map(Content::of).into())
}

pub(super) async fn inputs(
    guest: &mut Guest,
    Nothing {}: Nothing,
) -> wasmtime::Result<Answer<Vec<Input>, ()>> {
    let inputs = guest.inputs().await?.into_iter().map(|file| Input {
        name: file.name,
        media_type: file.media_type,
        size: file.size,
        digest: file.digest,
        extras: file.extras.into(),
    });
    Ok(ok(inputs.collect()))
}

pub(super) async fn input(guest: &mut Guest, with: InputName) -> wasmtime::Result<Answer<Content, String>> {
    Ok(guest.input(with.name).await?.map(Content::of).into())
}

pub(super) async fn whoami(guest: &mut Guest, Nothing {}: Nothing) -> wasmtime::Result<Answer<Identity, ()>> {
    let identity = guest.whoami().await?;
    let parents = identity.parents.into_iter().map(|parent| Parent {
        id: parent.id,
        agent: parent.agent,
        result: parent.result.parse().unwrap_or_else(|_| Json::null()),
        artifacts: parent.artifacts.into_iter().map(Artifact::from).collect(),
    });
    Ok(ok(Identity {
        id: identity.id,
        attempt: identity.attempt,
        tags: identity.tags,
        parents: parents.collect(),
        extras: identity.extras.into(),
    }))
}
