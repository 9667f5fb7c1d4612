//! The brake.

pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

use crate::permission::Permission::{Operate, Read};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/ui/brake", "The brake's box", page::changing)
        .route(Read, Method::GET, "/brake", "The brake", page::page)
        .route(Read, Method::GET, "/ui/brake-page", "Its changing part", page::page_body)
        .route(Operate, Method::POST, "/brake", "Engage or release it", page::set)
}
