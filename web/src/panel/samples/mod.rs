//! Made-up data behind every page: for the gallery that shows them all, and for the snapshots.

mod agents;
mod alerts;
mod host;
mod jobs;
mod money;

use crate::panel::kit::shell::{Nav, Shell};
pub(crate) use agents::agents;
use anvil_api::Status;
use anvil_types::{JobId, Json, Nanodollars, Timestamp};
pub(crate) use host::{braked, status};
pub(crate) use jobs::{calls, jobs};
pub(crate) use money::{limits, windows};
use std::time::Duration;

/// The samples' own time.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_442_712);

fn ago(seconds: u64) -> Timestamp {
    NOW - Duration::from_secs(seconds)
}

fn nano(nano: i64) -> Nanodollars {
    Nanodollars::new(nano)
}

fn json(text: &str) -> Json {
    text.parse().unwrap_or_else(|_| Json::null())
}

fn job_id(seconds: u64, random: u128) -> JobId {
    JobId::new(ago(seconds), random.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060))
}
fn shell(status: &Status, nav: Nav, title: &str) -> Shell {
    Shell::new(status, 4_711, None, nav, title)
}

fn html(page: &dyn askama::DynTemplate) -> String {
    page.dyn_render().unwrap_or_else(|error| error.to_string())
}

/// A page: its address in the gallery, and its HTML.
type Sample = (&'static str, String);

/// Every page: its address in the gallery, and its HTML.
#[cfg_attr(not(feature = "gallery"), expect(unreachable_pub, reason = "the gallery shows them from outside"))]
pub fn pages() -> Vec<(&'static str, String)> {
    [host::pages(), jobs::pages(), agents::pages(), money::pages(), alerts::pages()].concat()
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
    router.layer(axum::middleware::from_fn(crate::guard::dress))
}
