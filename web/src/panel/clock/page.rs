//! The ledger's time beside the machine's clock, and setting it back where it was wrong.

use crate::ask::{Form, Who};
use crate::panel::kit::answer::{html, see_other};
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::kit::when::{absolute, length};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_control::SubmitError;
use anvil_types::Timestamp;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// Apart by less, they are the same for people.
const SAME: Duration = Duration::from_secs(1);

/// The page.
#[derive(Template)]
#[template(path = "clock/page.html")]
pub(crate) struct ClockPage {
    pub(crate) shell: Shell,
    host: String,
    /// What the machine's clock says; none where the host's is driven.
    wall: Option<Wall>,
    error: Option<String>,
    /// What was typed stays in its field.
    reason: String,
}

/// The machine's clock, and where the ledger stands beside it.
struct Wall {
    at: String,
    stands: Stands,
}

enum Stands {
    Beside,
    Ahead(String),
    Behind(String),
}

impl ClockPage {
    /// From the host's time, which is the ledger's, and the machine's.
    pub(crate) fn new(shell: Shell, wall: Option<Timestamp>) -> Self {
        let now = shell.now;
        let stands = |wall: Timestamp| {
            let (ahead, behind) = (now.since(wall), wall.since(now));
            if ahead >= SAME {
                Stands::Ahead(length(ahead))
            } else if behind >= SAME {
                Stands::Behind(length(behind))
            } else {
                Stands::Beside
            }
        };
        Self {
            host: absolute(now),
            wall: wall.map(|wall| Wall { at: absolute(wall), stands: stands(wall) }),
            error: None,
            reason: String::new(),
            shell,
        }
    }

    async fn load(state: &WebState) -> Result<Self, Problem> {
        let (shell, _) = Shell::load(state, Nav::Other, "Time").await?;
        Ok(Self::new(shell, state.control.clock.wall()))
    }
}

pub(super) async fn page(State(state): State<WebState>) -> Result<Response, Problem> {
    html(&ClockPage::load(&state).await?)
}

pub(super) async fn set_back(
    State(state): State<WebState>,
    Who(by): Who,
    form: Form,
) -> Result<Response, Problem> {
    let reason = form.text("reason").trim();
    let refused = if reason.is_empty() {
        "Say in a few words why: the brake shows it, and the audit log keeps it.".to_owned()
    } else if form.find("confirm").is_none() {
        "Confirm that you have looked at what it does: it engages the brake, and nothing was changed yet."
            .to_owned()
    } else {
        match state.control.clock.set_back(by, reason).await {
            // The brake says what was done, and what is to be done next.
            Ok(_) => return Ok(see_other("/brake")),
            Err(SubmitError::Invalid(why)) => why,
            Err(error) => return Err(error.into()),
        }
    };
    let page =
        ClockPage { error: Some(refused), reason: reason.to_owned(), ..ClockPage::load(&state).await? };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response())
}
