//! The ledger.

pub(super) mod page;
pub(super) mod row;

use crate::permission::Permission::Read;
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.route(Read, Method::GET, "/ledger", "The ledger", page::page)
}
