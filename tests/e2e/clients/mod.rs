//! What stands on the other side of the REST API.

mod examples;
mod js;
