//! What limits and work would come to.

mod foretold;
mod form;
pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

use crate::permission::Permission::Read;
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.route(Read, Method::GET, "/plan", "The planner", page::page).query(&form::QUERY)
}
