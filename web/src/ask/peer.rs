//! Who calls, as far as the network says it.

use crate::state::WebState;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

/// The header to which each proxy adds whom it speaks for, at its end.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address from which a request comes; where a proxy stands before the host (`server.public_url`), the one for which
/// that speaks. None where nobody knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

impl FromRequestParts<WebState> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let forwarded = parts.headers.get_all(FORWARDED_FOR).iter().next_back();
        let forwarded =
            forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        Ok(Self(forwarded.filter(|_| state.config.public_url.is_some()).or(peer)))
    }
}
