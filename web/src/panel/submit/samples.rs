//! The form of a made-up agent, empty and refused.

use super::files::{Along, FilesField};
use super::page::{Chosen, SubmitPage};
use crate::panel::agents::samples::agents;
use crate::panel::kit::samples::{Sample, html, shell, status};
use crate::panel::kit::shell::Nav;
use anvil_api::FieldError;
use anvil_types::InputLimits;

/// Its pages.
pub(crate) fn pages() -> Vec<Sample> {
    let agents = agents();
    let limits = InputLimits { files: 32, file_bytes: 16 << 20, bytes: 64 << 20 };
    let files = || FilesField::new(limits);
    let empty = || Chosen::new(&agents[0], &agents[0].actions[0], files());
    let mut refused = empty();
    refused.errors = refused.payload.blame(vec![
        FieldError { pointer: String::new(), message: "\"requirements\" is a required property".to_owned() },
        FieldError {
            pointer: "/max_files".to_owned(),
            message: "40 is greater than the maximum of 20".to_owned(),
        },
        FieldError { pointer: "/colour".to_owned(), message: "there is no such property".to_owned() },
    ]);
    refused.files = FilesField {
        along: Some(Along {
            job: "01JD9Z6W3NQ8Y5R2K7M4T1X0VB".to_owned(),
            names: "brief.md, src/<b>main</b>.rs".to_owned(),
            ticked: true,
        }),
        again: true,
        error: Some("a file cannot come in as `../<script>`".to_owned()),
        ..files()
    };
    let page = |chosen| SubmitPage::new(shell(&status(), Nav::Submit, "Submit a job"), &agents, Some(chosen));
    vec![("/submit", html(&page(empty()))), ("/submit-refused", html(&page(refused)))]
}
