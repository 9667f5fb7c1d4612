//! The form after a wrong token.

use super::page::LoginPage;
use crate::panel::kit::samples::{Sample, html};

/// Its page.
pub(crate) fn pages() -> Vec<Sample> {
    vec![("/login", html(&LoginPage { simulated: true, next: "/".to_owned(), wrong: true }))]
}
