//! The panel: pages made on the server, each from a view that is built without one.
//!
//! A page works without a script: links, and forms that answer with a redirect. With it, the parts
//! that change (`…_body.html`) are fetched anew when an event says so, and morphed in place.

mod actions;
mod agents;
mod alert_card;
mod alerts;
mod answer;
mod audit;
mod brake;
mod clock;
mod delivery_rows;
mod error;
mod file;
mod form;
mod job;
mod job_calls;
mod job_edit;
mod job_row;
mod jobs;
mod ledger;
mod ledger_row;
mod limit_rows;
mod limits;
mod live;
mod login;
mod money;
mod overview;
mod pill;
mod prices;
mod queue;
mod replay;
mod schedules;
mod schema;
mod scope_limits;
mod shell;
mod spend;
mod spend_chart;
mod submit;
mod submit_form;
mod webhooks;
mod when;

#[cfg(any(test, feature = "gallery"))]
pub(crate) mod samples;

pub(crate) use answer::encode;
pub(crate) use error::{Asked, problem};
pub(crate) use form::Form;

use crate::problem::Problem;
use crate::routes::Routes;
use crate::scope::Scope::{Admin, Open, Operate, Read, Submit};
use crate::state::WebState;
use answer::{bytes, encode_path, fragment, html, local, see_other};
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;

/// Adds the panel's routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    schedules::routes(routes)
        .route(Read, get.clone(), "/", "Overview", overview::page)
        .route(Read, get.clone(), "/ui/overview", "Its changing part", overview::changing)
        .route(Read, get.clone(), "/ui/strip", "The strip at the top", strip)
        .route(Read, get.clone(), "/ui/brake", "The brake's box", brake::changing)
        .route(Read, get.clone(), "/ui/events", "What changes, for one tab", live::events)
        .route(Read, get.clone(), "/jobs", "Jobs", jobs::page)
        .route(Read, get.clone(), "/ui/jobs", "Their rows", jobs::changing)
        .route(Read, get.clone(), "/jobs/actions", "What was done with many jobs", actions::page)
        .route(Read, get.clone(), "/ui/jobs/actions", "Its changing part", actions::changing)
        .route(Operate, get.clone(), "/jobs/actions/new", "What an action would touch", actions::review)
        .route(Operate, post.clone(), "/jobs/actions", "Act on all jobs that match", actions::begin)
        .route(Operate, post.clone(), "/jobs/actions/{id}/stop", "Stop an action", actions::stop)
        .route(Read, get.clone(), "/jobs/{id}", "A job", job::page)
        .route(Read, get.clone(), "/ui/jobs/{id}/head", "Where it stands", job::head)
        .route(Read, get.clone(), "/ui/jobs/{id}/body", "Its calls and files", job::rest)
        .route(Read, get.clone(), "/ui/jobs/{id}/log", "Its log", job::log)
        .route(Read, get.clone(), "/jobs/{id}/artifacts/{*name}", "A file as text", file::page)
        .route(Submit, post.clone(), "/jobs/{id}/cancel", "Stop a job", job::cancel)
        .route(Submit, post.clone(), "/jobs/{id}/retry", "Run it again", job::retry)
        .route(Submit, post.clone(), "/jobs/{id}/resume", "Let it go on now", job::resume)
        .route(Operate, get.clone(), "/jobs/{id}/edit", "The form that changes it", job_edit::page)
        .route(Operate, post.clone(), "/jobs/{id}/edit", "Change a job that waits", job_edit::edit)
        .route(Operate, post.clone(), "/jobs/{id}/replay", "Run it against its journal", replay::replay)
        .route(Read, get.clone(), "/submit", "The form for a job", submit::page)
        .route(Submit, post.clone(), "/submit", "Submit a job", submit::submit)
        .route(Operate, post.clone(), "/queue", "Pause or resume the queue", queue::set)
        .route(Read, get.clone(), "/agents", "Agents", agents::page)
        .route(Read, get.clone(), "/ui/agents", "Their changing part", agents::changing)
        .route(Operate, post.clone(), "/agents/{name}/enable", "Switch an agent on", agents::enable)
        .route(Operate, post.clone(), "/agents/{name}/disable", "Switch it off", agents::disable)
        .route(Read, get.clone(), "/spend", "Spend over time", spend::page)
        .route(Read, get.clone(), "/ui/spend", "Its changing part", spend::changing)
        .route(Read, get.clone(), "/alerts", "Alerts and webhooks", alerts::page)
        .route(Read, get.clone(), "/ui/alerts", "The alerts", alerts::changing)
        .route(Read, get.clone(), "/ui/bell", "How many fire", alerts::bell)
        .route(Read, get.clone(), "/alerts/{id}", "An alert", alerts::one)
        .route(Read, get.clone(), "/ui/alerts/{id}", "Its changing part", alerts::one_changing)
        .route(Operate, post.clone(), "/alerts/{id}/acknowledge", "Say who knows", alerts::acknowledge)
        .route(Read, get.clone(), "/ui/webhooks", "The webhooks", webhooks::changing)
        .route(Admin, post.clone(), "/webhooks", "Make a webhook", webhooks::add)
        .route(Admin, post.clone(), "/webhooks/{name}/rotate", "Make a new secret", webhooks::rotate)
        .route(Admin, post.clone(), "/webhooks/{name}/on", "Switch it on", webhooks::on)
        .route(Admin, post.clone(), "/webhooks/{name}/off", "Switch it off", webhooks::off)
        .route(Admin, post.clone(), "/webhooks/{name}/delete", "Delete it", webhooks::delete)
        .route(Operate, post.clone(), "/webhooks/{name}/test", "Send a test", webhooks::test)
        .route(Read, get.clone(), "/ui/deliveries", "The log of deliveries", delivery_rows::changing)
        .route(Operate, post.clone(), "/deliveries/{id}/resend", "Send it once more", delivery_rows::resend)
        .route(Read, get.clone(), "/ledger", "The ledger", ledger::page)
        .route(Read, get.clone(), "/limits", "Limits", limits::page)
        .route(Admin, post.clone(), "/limits", "Change limits", limits::change)
        .route(Admin, post.clone(), "/limits/scopes", "Limits of one agent or key", scope_limits::change)
        .route(Read, get.clone(), "/prices", "Prices", prices::page)
        .route(Admin, post.clone(), "/prices", "Set or reset a price", prices::set)
        .route(Read, get.clone(), "/brake", "The brake", brake::page)
        .route(Read, get.clone(), "/ui/brake-page", "Its changing part", brake::page_body)
        .route(Operate, post.clone(), "/brake", "Engage or release it", brake::set)
        .route(Read, get.clone(), "/audit", "The audit log", audit::page)
        .route(Read, get.clone(), "/clock", "The ledger's time", clock::page)
        .route(Admin, post.clone(), "/clock/set-back", "Set it back", clock::set_back)
        .route(Open, get, "/login", "Log in", login::page)
        .route(Open, post.clone(), "/login", "Log in", login::login)
        .route(Open, post, "/logout", "Log out", login::logout)
}

async fn strip(State(state): State<WebState>) -> Result<Response, Problem> {
    let status = state.runner.status().await?;
    fragment(&shell::Strip::new(&status), status.now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_renders_and_carries_no_inline_script_or_style() {
        for (path, page) in samples::pages() {
            assert!(page.contains("</html>"), "{path}: {page}");
            for bad in ["<script>", "<style", " style=", " onclick=", "javascript:"] {
                assert!(!page.contains(bad), "{path} has {bad}");
            }
        }
    }
}
