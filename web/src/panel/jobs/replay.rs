//! A past job that was run once more against its journal, and where the two part ways.

use crate::ask::Id;
use crate::panel::jobs::row::short;
use crate::panel::kit::answer::html;
use crate::panel::kit::shell::{Nav, Shell};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{Difference, Question, Replayed};
use anvil_types::{JobId, Json};
use askama::Template;
use axum::extract::State;
use axum::response::Response;

/// The page.
#[derive(Template)]
#[template(path = "jobs/replay.html")]
pub(crate) struct ReplayPage {
    shell: Shell,
    job: String,
    short: String,
    version: String,
    digest: String,
    asked_for: u32,
    answers: u32,
    differences: Vec<Place>,
    same: bool,
    stopped: bool,
    /// The other end that it came to.
    end: Option<String>,
}

/// A place at which the two part ways, as people read it.
struct Place {
    position: u32,
    then: String,
    now: String,
}

impl ReplayPage {
    pub(crate) fn new(shell: Shell, replayed: &Replayed) -> Self {
        let job = replayed.job.to_string();
        let failed = || replayed.error.as_ref().map(ToString::to_string);
        let end = || replayed.result.as_ref().map(Json::pretty).or_else(failed);
        Self {
            shell,
            short: short(&job),
            job,
            version: replayed.version.clone(),
            digest: replayed.replayed_on.chars().take(12).collect(),
            asked_for: replayed.asked_for,
            answers: replayed.answers,
            differences: replayed.differences.iter().map(Place::new).collect(),
            same: replayed.is_the_same(),
            stopped: replayed.same_end.is_none(),
            end: (replayed.same_end == Some(false)).then(end).flatten(),
        }
    }
}

impl Place {
    fn new(difference: &Difference) -> Self {
        let words = |question: Option<&Question>, nothing: &str| match question {
            None => nothing.to_owned(),
            Some(Question { request: Some(request), .. }) => request.pretty(),
            Some(Question { kind, request: None }) => format!("A question of the kind `{}`.", kind.name()),
        };
        Self {
            position: difference.position,
            then: words(difference.then.as_ref(), "Nothing was answered here."),
            now: words(difference.now.as_ref(), "Nothing is asked here."),
        }
    }
}

pub(super) async fn replay(State(state): State<WebState>, Id(id): Id<JobId>) -> Result<Response, Problem> {
    let replayed = state.control.replay.run(id, None).await?;
    let (shell, _) = Shell::load(&state, Nav::Jobs, "Replay").await?;
    html(&ReplayPage::new(shell, &replayed))
}
