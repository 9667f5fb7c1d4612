//! Spend over time.

mod batches;
pub(super) mod chart;
mod compression;
mod misses;
pub(super) mod page;
mod replies;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;
mod tiers;

use crate::permission::Permission::{Operate, Read};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/spend", "Spend over time", page::page)
        .query(&page::QUERY)
        .route(Read, Method::GET, "/ui/spend", "Its changing part", page::changing)
        .query(&page::QUERY)
        .route(Operate, Method::POST, "/spend/cache/purge", "Purge kept replies", replies::purge)
}
