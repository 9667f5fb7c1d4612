//! One file that a job handed over, shown as text.

use crate::ask::Artifact;
use crate::panel::jobs::row::short;
use crate::panel::kit::answer::html;
use crate::panel::kit::shell::{Nav, Shell};
use crate::problem::Problem;
use crate::state::WebState;
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
    let (shell, _) = Shell::load(&state, Nav::Jobs, info.name.as_str()).await?;
    html(&FilePage {
        shell,
        short: short(&job.to_string()),
        job: job.to_string(),
        name: info.name.to_string(),
        path: crate::panel::kit::address::encode_path(info.name.as_str()),
        media: info.media_type.clone(),
        size: crate::panel::kit::numbers::bytes(info.size),
        text: Text::of(&bytes),
    })
}
