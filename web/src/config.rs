//! What the faces are told at the start.

use anvil_types::UpstreamKind;
use std::fmt;
use std::net::SocketAddr;

/// The secret that opens the panel and the API. Never shown by `Debug`.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token; surrounding white space is dropped, since it comes from a file.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text, for comparing and deriving.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What the faces are told at the start.
#[derive(Clone, Debug)]
pub struct WebConfig {
    /// The secret that opens everything.
    pub token: Token,
    /// Where the server listens; names the cookie and belongs to the allowed hosts.
    pub listen: SocketAddr,
    /// Further host names under which the server may be asked, without port.
    pub allowed_hosts: Vec<String>,
    /// Where people reach it, where a proxy stands before it: scheme, host and port, without a slash.
    pub public_url: Option<String>,
    /// The most bytes of a request's body.
    pub max_body_bytes: usize,
    /// Whom the gateway asks: the simulator is marked on every page.
    pub upstream: UpstreamKind,
}
