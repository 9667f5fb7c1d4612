//! What every page is made with: the shell around it, forms, money, times, and how it is answered.

pub(crate) mod address;
pub(crate) mod answer;
pub(crate) mod error;
pub(crate) mod escape;
pub(crate) mod limit_use;
pub(crate) mod live;
pub(crate) mod money;
pub(crate) mod numbers;
pub(crate) mod pill;
#[cfg(any(test, feature = "gallery"))]
pub(crate) mod samples;
pub(crate) mod saved;
pub(crate) mod shell;
pub(crate) mod when;

use crate::panel::kit::shell::Strip;
use crate::permission::Permission::Read;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;

/// Adds the routes of what stands around every page.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/ui/strip", "The strip at the top", strip)
        .route(Read, Method::GET, "/ui/events", "What changes, for one tab", live::events)
        .query(&["after", "job"])
}

async fn strip(State(state): State<WebState>) -> Result<Response, Problem> {
    let status = state.control.status.get().await?;
    answer::fragment(&Strip::new(&status), status.now)
}
