//! Webhooks and what was delivered to them.

pub(super) mod deliveries;
pub(super) mod hooks;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

use crate::permission::Permission::{Admin, Operate, Read};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/ui/webhooks", "The webhooks", hooks::changing)
        .route(Admin, Method::POST, "/webhooks", "Make a webhook", hooks::add)
        .route(Admin, Method::POST, "/webhooks/{name}/rotate", "Make a new secret", hooks::rotate)
        .route(Admin, Method::POST, "/webhooks/{name}/on", "Switch it on", hooks::on)
        .route(Admin, Method::POST, "/webhooks/{name}/off", "Switch it off", hooks::off)
        .route(Admin, Method::POST, "/webhooks/{name}/delete", "Delete it", hooks::delete)
        .route(Operate, Method::POST, "/webhooks/{name}/test", "Send a test", hooks::test)
        .route(Read, Method::GET, "/ui/deliveries", "The log of deliveries", deliveries::changing)
        .query(&["alert"])
        .route(Operate, Method::POST, "/deliveries/{id}/resend", "Send it once more", deliveries::resend)
}
