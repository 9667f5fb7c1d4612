//! The form of a made-up agent, empty and refused.

use super::page::{Chosen, SubmitPage};
use crate::panel::agents::samples::agents;
use crate::panel::kit::samples::{Sample, html, shell, status};
use crate::panel::kit::shell::Nav;
use anvil_api::FieldError;

/// Its pages.
pub(crate) fn pages() -> Vec<Sample> {
    let agents = agents();
    let empty = || Chosen::new(&agents[0], &agents[0].actions[0]);
    let mut refused = empty();
    refused.errors = refused.payload.blame(vec![
        FieldError { pointer: String::new(), message: "\"requirements\" is a required property".to_owned() },
        FieldError {
            pointer: "/max_files".to_owned(),
            message: "40 is greater than the maximum of 20".to_owned(),
        },
        FieldError { pointer: "/colour".to_owned(), message: "there is no such property".to_owned() },
    ]);
    let page = |chosen| SubmitPage::new(shell(&status(), Nav::Submit, "Submit a job"), &agents, Some(chosen));
    vec![("/submit", html(&page(empty()))), ("/submit-refused", html(&page(refused)))]
}
