//! Logging in and out.

pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

use crate::permission::Permission::Open;
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Open, Method::GET, "/login", "Log in", page::page)
        .query(&["token", "next"])
        .route(Open, Method::POST, "/login", "Log in", page::login)
        .route(Open, Method::POST, "/logout", "Log out", page::logout)
}
