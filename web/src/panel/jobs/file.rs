//! One file of a job, shown as text: one that it handed over, or was submitted with.

use crate::ask::{Artifact, Input};
use crate::panel::jobs::row::short;
use crate::panel::kit::answer::html;
use crate::panel::kit::shell::{Nav, Shell};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_types::{ArtifactName, JobId};
use askama::Template;
use axum::extract::State;
use axum::response::Response;

/// The most bytes that are shown; the download has all.
const MOST: usize = 512 * 1024;

/// The page.
#[derive(Template)]
#[template(path = "jobs/file.html")]
pub(crate) struct FilePage {
    pub(crate) shell: Shell,
    pub(crate) job: String,
    /// `artifacts` or `inputs`.
    pub(crate) kind: &'static str,
    pub(crate) short: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) media: String,
    pub(crate) size: String,
    pub(crate) text: Option<Text>,
}

/// The file's text and the numbers of its lines.
pub(crate) struct Text {
    pub(crate) shown: String,
    pub(crate) numbers: String,
    pub(crate) cut: bool,
}

impl Text {
    /// None where the bytes are no text.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let whole = std::str::from_utf8(bytes).ok()?;
        let text = &whole[..whole.floor_char_boundary(MOST)];
        let numbers: Vec<String> = (1..=text.lines().count().max(1)).map(|line| line.to_string()).collect();
        Some(Self { shown: text.to_owned(), numbers: numbers.join("\n"), cut: text.len() < whole.len() })
    }
}

pub(super) async fn page(
    State(state): State<WebState>,
    Artifact { job, info, bytes }: Artifact,
) -> Result<Response, Problem> {
    show(&state, job, "artifacts", &info.name, info.media_type, &bytes).await
}

pub(super) async fn input(
    State(state): State<WebState>,
    Input { job, info, bytes }: Input,
) -> Result<Response, Problem> {
    show(&state, job, "inputs", &info.name, info.media_type, &bytes).await
}

async fn show(
    state: &WebState,
    job: JobId,
    kind: &'static str,
    name: &ArtifactName,
    media: String,
    bytes: &[u8],
) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(state, Nav::Jobs, name.as_str()).await?;
    html(&FilePage {
        shell,
        short: short(&job.to_string()),
        job: job.to_string(),
        kind,
        name: name.to_string(),
        path: crate::panel::kit::address::encode_path(name.as_str()),
        media,
        size: crate::panel::kit::numbers::bytes(bytes.len() as u64),
        text: Text::of(bytes),
    })
}
