//! Alerts.

pub(super) mod card;
pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

use crate::permission::Permission::{Operate, Read};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/alerts", "Alerts and webhooks", page::page)
        .query(&["after"])
        .route(Read, Method::GET, "/ui/alerts", "The alerts", page::changing)
        .query(&["after"])
        .route(Read, Method::GET, "/ui/bell", "How many fire", page::bell)
        .route(Read, Method::GET, "/alerts/{id}", "An alert", page::one)
        .route(Read, Method::GET, "/ui/alerts/{id}", "Its changing part", page::one_changing)
        .route(Operate, Method::POST, "/alerts/{id}/acknowledge", "Say who knows", page::acknowledge)
}
