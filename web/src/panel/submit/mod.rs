//! Submitting a job: the form made from the action's schema.

pub(super) mod files;
pub(super) mod form;
pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;
pub(super) mod schema;

use crate::permission::Permission::{Read, Submit};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/submit", "The form for a job", page::page)
        .query(&["agent", "action", "like", "after"])
        .route(Submit, Method::POST, "/submit", "Submit a job", page::submit)
}
