//! The agents.

pub(super) mod kept;
pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

use crate::permission::Permission::{Operate, Read};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/agents", "Agents", page::page)
        .route(Read, Method::GET, "/ui/agents", "Their changing part", page::changing)
        .route(Operate, Method::POST, "/agents/{name}/enable", "Switch an agent on", page::enable)
        .route(Operate, Method::POST, "/agents/{name}/disable", "Switch it off", page::disable)
        .route(Operate, Method::POST, "/agents/{name}/state/clear", "Clear what it keeps", kept::clear)
}
