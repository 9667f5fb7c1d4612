//! The ledger's time.

pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

use crate::permission::Permission::{Admin, Read};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.route(Read, Method::GET, "/clock", "The ledger's time", page::page).route(
        Admin,
        Method::POST,
        "/clock/set-back",
        "Set it back",
        page::set_back,
    )
}
