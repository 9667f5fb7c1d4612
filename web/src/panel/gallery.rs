//! Every page with made-up data: for people who look at them, and for the tests. Each noun has samples of its own.

use super::kit::samples::Sample;

/// Every page: its address in the gallery, and its HTML.
#[cfg_attr(not(feature = "gallery"), expect(unreachable_pub, reason = "the gallery shows them from outside"))]
pub fn pages() -> Vec<(&'static str, String)> {
    let nouns: [fn() -> Vec<Sample>; 17] = [
        super::overview::samples::pages,
        super::jobs::samples::pages,
        super::questions::samples::pages,
        super::submit::samples::pages,
        super::schedules::samples::pages,
        super::agents::samples::pages,
        super::spend::samples::pages,
        super::ledger::samples::pages,
        super::limits::samples::pages,
        super::plan::samples::pages,
        super::prices::samples::pages,
        super::brake::samples::pages,
        super::alerts::samples::pages,
        super::audit::samples::pages,
        super::clock::samples::pages,
        super::login::samples::pages,
        super::kit::samples::pages,
    ];
    nouns.into_iter().flat_map(|pages| pages()).collect()
}

/// A router that shows every page with made-up data, under the real security headers.
#[cfg(feature = "gallery")]
pub fn gallery() -> axum::Router {
    use axum::response::Html;
    use axum::routing::get;
    let mut router = axum::Router::new().route("/static/{hash}/{name}", get(crate::assets::serve));
    for (path, page) in pages() {
        router = router.route(path, get(async move || Html(page)));
    }
    router.layer(axum::middleware::map_response(async |mut answer: axum::response::Response| {
        crate::guard::secure(answer.headers_mut());
        answer
    }))
}
