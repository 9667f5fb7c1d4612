//! Limits, of the host and of one agent or key.

pub(super) mod page;
pub(super) mod rows;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;
pub(super) mod scopes;

use crate::permission::Permission::{Admin, Read};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/limits", "Limits", page::page)
        .route(Admin, Method::POST, "/limits", "Change limits", page::change)
        .route(Admin, Method::POST, "/limits/scopes", "Limits of one agent or key", scopes::change)
}
