//! The ledger.

pub(super) mod page;
pub(super) mod row;

use crate::routes::Routes;
use crate::scope::Scope::Read;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.route(Read, Method::GET, "/ledger", "The ledger", page::page)
}
