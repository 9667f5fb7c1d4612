//! What can go wrong outside of a request.

use std::net::SocketAddr;

/// Why the simulator could not start or take a setting. What goes wrong inside a request is answered in the API's own
/// form instead.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The address is taken or not allowed; choose another port, or 0 for any free one.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// The address that was asked for.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The listening socket failed.
    #[error("the listening socket failed: {0}")]
    Socket(#[from] std::io::Error),
    /// A script, as JSON or TOML, that is not one.
    #[error("the script cannot be read: {0}")]
    Script(String),
    /// A fault's name that is not one.
    #[error("`{text}` is no fault: {reason}")]
    Fault {
        /// What was given.
        text: String,
        /// What was expected.
        reason: String,
    },
    /// The settings, as TOML, are not right.
    #[error("the simulator's settings cannot be read: {0}")]
    Config(String),
}
