//! A made-up ledger that is behind the machine's clock, and one whose clock is driven.

use super::page::ClockPage;
use crate::panel::kit::samples::{Sample, ago, html, shell, status};
use crate::panel::kit::shell::Nav;

/// Its pages.
pub(crate) fn pages() -> Vec<Sample> {
    let page = |wall| ClockPage::new(shell(&status(), Nav::Other, "Time"), wall);
    vec![("/clock", html(&page(Some(ago(3 * 86_400 + 5_000))))), ("/clock-driven", html(&page(None)))]
}
