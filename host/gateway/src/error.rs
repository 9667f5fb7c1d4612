//! Why there is no gateway.

use anvil_budget::PriceError;
use anvil_store::StoreError;

/// Why a gateway could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The HTTP client.
    #[error("the HTTP client cannot be made: {0}")]
    Http(#[from] reqwest::Error),
    /// The upstream's address.
    #[error("the upstream's address `{url}` is no URL: {error}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        error: String,
    },
    /// The API key.
    #[error("the API key holds a line break or another character that no request can carry; set it anew")]
    Key,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A price that was set at run time makes no sense any more.
    #[error(transparent)]
    Price(#[from] PriceError),
}
