//! The ledger.

pub(super) mod page;
pub(super) mod row;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

use crate::ask::LEDGER_FILTERS;
use crate::permission::Permission::Read;
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/ledger", "The ledger", page::page)
        .query(&LEDGER_FILTERS)
        .query(&["after"])
}
