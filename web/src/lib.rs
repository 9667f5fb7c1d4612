//! The faces: the REST API and the browser panel.
//!
//! Everything here is a translation: a request becomes a question to [`anvil_control::Control`], its
//! answer becomes JSON or a page. No SQL, no request to Claude, no rule about money. What plugins
//! name, log or hand over is untrusted text wherever it is shown.

mod api;
mod ask;
mod assets;
mod auth;
mod compressed;
mod config;
mod connections;
mod csv;
mod guard;
mod lingering;
mod links;
mod missed;
mod openapi;
mod panel;
mod parameters;
mod permission;
mod problem;
mod routes;
mod serve;
mod spending;
mod sse;
mod state;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tiered;

pub use config::{Token, WebConfig};
#[cfg(feature = "gallery")]
#[doc(hidden)]
pub use panel::gallery::{gallery, pages as gallery_pages};
pub use permission::Permission;
pub use serve::{router, serve};
pub use state::WebState;
