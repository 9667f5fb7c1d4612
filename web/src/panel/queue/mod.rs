//! The pause of the queue.

pub(super) mod page;

use crate::routes::Routes;
use crate::scope::Scope::Operate;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.route(Operate, Method::POST, "/queue", "Pause or resume the queue", page::set)
}
