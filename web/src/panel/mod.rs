//! The panel: pages made on the server, each from a view that is built without one. A folder for each noun: its
//! routes, pages, views, templates and samples; `kit` is what they are made with.
//!
//! A page works without a script: links, and forms that answer with a redirect. With it, the parts
//! that change (templates named `…body.html`) are fetched anew when an event says so, and morphed in place.

mod agents;
mod alerts;
mod audit;
mod brake;
mod clock;
mod jobs;
mod kit;
mod ledger;
mod limits;
mod login;
mod overview;
mod plan;
mod prices;
mod questions;
mod queue;
mod schedules;
mod spend;
mod submit;
mod webhooks;

#[cfg(any(test, feature = "gallery"))]
pub(crate) mod gallery;

pub(crate) use kit::error::{Asked, problem};
#[cfg(test)]
pub(crate) use limits::samples::limits as sample_limits;

use crate::routes::Routes;

/// Adds the panel's routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    let nouns = [
        kit::routes,
        overview::routes,
        jobs::routes,
        submit::routes,
        questions::routes,
        queue::routes,
        schedules::routes,
        agents::routes,
        spend::routes,
        ledger::routes,
        limits::routes,
        plan::routes,
        prices::routes,
        brake::routes,
        alerts::routes,
        webhooks::routes,
        audit::routes,
        clock::routes,
        login::routes,
    ];
    nouns.into_iter().fold(routes, |routes, add| add(routes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_renders_and_carries_no_inline_script_or_style() {
        for (path, page) in gallery::pages() {
            assert!(page.contains("</html>"), "{path}: {page}");
            for bad in ["<script>", "<style", " style=", " onclick=", "javascript:"] {
                assert!(!page.contains(bad), "{path} has {bad}");
            }
        }
    }
}
