//! Prices.

pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

use crate::permission::Permission::{Admin, Read};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.route(Read, Method::GET, "/prices", "Prices", page::page).route(
        Admin,
        Method::POST,
        "/prices",
        "Set or reset a price",
        page::set,
    )
}
