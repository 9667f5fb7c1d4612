//! Jobs: the list, one job, its files, and what is done with them.

pub(super) mod bulk;
pub(super) mod calls;
pub(super) mod edit;
pub(super) mod file;
pub(super) mod list;
pub(super) mod one;
pub(super) mod replay;
pub(super) mod row;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;
mod tree;

use crate::ask::{JOB_FILTERS, JOB_LIST_FILTERS};
use crate::permission::Permission::{Operate, Read, Submit};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/jobs", "Jobs", list::page)
        .query(&JOB_LIST_FILTERS)
        .query(&["after", "top"])
        .route(Read, Method::GET, "/ui/jobs", "Their rows", list::changing)
        .query(&JOB_LIST_FILTERS)
        .query(&["after", "top"])
        .route(Read, Method::GET, "/jobs/actions", "What was done with many jobs", bulk::page)
        .route(Read, Method::GET, "/ui/jobs/actions", "Its changing part", bulk::changing)
        .route(Operate, Method::GET, "/jobs/actions/new", "What an action would touch", bulk::review)
        .query(&JOB_FILTERS)
        .query(&["action"])
        .route(Operate, Method::POST, "/jobs/actions", "Act on all jobs that match", bulk::begin)
        .route(Operate, Method::POST, "/jobs/actions/{id}/stop", "Stop an action", bulk::stop)
        .route(Read, Method::GET, "/jobs/{id}", "A job", one::page)
        .route(Read, Method::GET, "/ui/jobs/{id}/head", "Where it stands", one::head)
        .route(Read, Method::GET, "/ui/jobs/{id}/body", "Its calls and files", one::rest)
        .route(Read, Method::GET, "/ui/jobs/{id}/log", "Its log", one::log)
        .query(&["after"])
        .route(Read, Method::GET, "/jobs/{id}/artifacts/{*name}", "A file as text", file::page)
        .route(
            Read,
            Method::GET,
            "/jobs/{id}/inputs/{*name}",
            "A file that it came with as text",
            file::input,
        )
        .route(Submit, Method::POST, "/jobs/{id}/cancel", "Stop a job", one::cancel)
        .route(Submit, Method::POST, "/jobs/{id}/retry", "Run it again", one::retry)
        .route(Submit, Method::POST, "/jobs/{id}/resume", "Let it go on now", one::resume)
        .route(Operate, Method::GET, "/jobs/{id}/edit", "The form that changes it", edit::page)
        .route(Operate, Method::POST, "/jobs/{id}/edit", "Change a job that waits", edit::edit)
        .route(Operate, Method::POST, "/jobs/{id}/replay", "Run it against its journal", replay::replay)
}
