//! Questions to people: those that wait for an answer, those that are over, and the form that answers one.

mod card;
mod link;
mod markdown;
pub(super) mod page;
#[cfg(any(test, feature = "gallery"))]
pub(super) mod samples;

pub(super) use page::OfJob;

use crate::permission::Permission::{Link, Read, Submit};
use crate::routes::Routes;
use axum::http::Method;

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    routes
        .route(Read, get.clone(), "/questions", "Questions to people", page::page)
        .query(&["after"])
        .route(Read, get.clone(), "/ui/questions", "Their list", page::page_body)
        .query(&["after"])
        .route(Read, get.clone(), "/ui/asks", "How many are open", page::asks)
        .route(Read, get.clone(), "/questions/{id}", "One question", page::one)
        .route(Submit, post.clone(), "/questions/{id}", "Answer it", page::answer)
        .route(Read, get.clone(), "/ui/jobs/{id}/questions", "A job's questions", page::of_job)
        .route(Link, get, "/answer/{id}/{token}", "The question that a link is for", link::page)
        .route(Link, post, "/answer/{id}/{token}", "Answer it by the link, once", link::answer)
}
