//! The panel.

use crate::problem::Problem;
use crate::routes::Routes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};

/// What of a request its error page needs.
pub(crate) struct Asked {}

impl Asked {
    pub(crate) fn of(_: &Request) -> Self {
        Self {}
    }
}

pub(crate) fn problem(problem: &Problem, _: &Asked) -> Response {
    problem.detail().to_owned().into_response()
}

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
}
