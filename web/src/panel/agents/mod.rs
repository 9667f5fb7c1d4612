//! The agents.

pub(super) mod kept;
mod limits;
pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;
pub(super) mod smoke;
pub(super) mod upload;
pub(super) mod versions;

use crate::permission::Permission::{Admin, Operate, Read};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/agents", "Agents", page::page)
        .route(Read, Method::GET, "/ui/agents", "Their changing part", page::changing)
        .route(Operate, Method::POST, "/agents/{name}/enable", "Switch an agent on", page::enable)
        .route(Operate, Method::POST, "/agents/{name}/disable", "Switch it off", page::disable)
        .route(Operate, Method::POST, "/agents/{name}/rollback", "Go back to a version", versions::roll_back)
        .route(Admin, Method::POST, "/plugins/look", "Look at a plugin", upload::examine)
        .route(Admin, Method::POST, "/plugins/put", "Put it into the folder", upload::put)
        .route(Admin, Method::POST, "/agents/{name}/remove", "Remove its file", upload::remove)
        .route(Operate, Method::POST, "/agents/{name}/smoke", "Try an agent", smoke::run)
        .route(Operate, Method::POST, "/agents/{name}/forward", "Go forward to its file", versions::forward)
        .route(Operate, Method::POST, "/agents/{name}/release", "End its quarantine", versions::release)
        .route(Operate, Method::POST, "/agents/{name}/state/clear", "Clear what it keeps", kept::clear)
}
