//! The pause of the queue.

pub(super) mod page;

use crate::permission::Permission::Operate;
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.route(Operate, Method::POST, "/queue", "Pause or resume the queue", page::set)
}
