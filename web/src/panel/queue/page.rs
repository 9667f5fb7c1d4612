//! The pause of the queue, on the overview.

use crate::ask::{Form, Who};
use crate::panel::kit::answer::see_other;
use crate::panel::kit::when::When;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_store::QueuePause;
use anvil_types::Timestamp;
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;

/// Who paused the queue and why, with a button that ends it; or the form that pauses it.
#[derive(Template)]
#[template(path = "queue/box.html")]
pub(crate) struct QueueBox {
    pause: Option<(String, String, When)>,
}

impl HtmlSafe for QueueBox {}

impl QueueBox {
    pub(crate) fn new(pause: Option<&QueuePause>, now: Timestamp) -> Self {
        let told =
            |pause: &QueuePause| (pause.reason.clone(), pause.by.clone(), When::relative(pause.since, now));
        Self { pause: pause.map(told) }
    }
}

pub(super) async fn set(
    State(state): State<WebState>,
    Who(by): Who,
    form: Form,
) -> Result<Response, Problem> {
    let reason = form.text("reason").trim();
    let pauses = form.text("paused") == "true";
    let why = if reason.is_empty() { "no reason given" } else { reason };
    state.control.queue.set_pause(pauses.then_some(why), by).await?;
    Ok(see_other("/"))
}
