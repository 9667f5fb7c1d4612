//! Schedules.

pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

use crate::permission::Permission::{Read, Submit};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/schedules", "Schedules", page::page)
        .query(&["edit"])
        .route(Read, Method::GET, "/ui/schedules", "Their changing part", page::changing)
        .route(Submit, Method::POST, "/schedules", "Make or change one", page::put)
        .route(Submit, Method::POST, "/schedules/{name}/pause", "Pause it", page::pause)
        .route(Submit, Method::POST, "/schedules/{name}/resume", "Let it go on", page::resume)
        .route(Submit, Method::POST, "/schedules/{name}/run", "Make a job of it now", page::run)
        .route(Submit, Method::POST, "/schedules/{name}/delete", "Delete it", page::delete)
}
