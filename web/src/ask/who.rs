//! Who changes something, as the audit log names them.

use crate::permission::Caller;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;

/// The caller's name for the audit log. That they may do it has been checked before: each route stands in the table
/// with what it needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who(pub(crate) &'static str);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Caller>().map_or("nobody", |caller| caller.name())))
    }
}
