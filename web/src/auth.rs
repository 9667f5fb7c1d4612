//! Who calls: a token in a header, or a session in a cookie.

use crate::scope::{Caller, Scope, Via};
use crate::{Token, WebConfig};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use subtle::ConstantTimeEq;

/// How long a browser keeps the session: thirty days.
const SESSION_S: u32 = 30 * 24 * 60 * 60;

/// What a caller's secrets are compared with. Holds digests alone.
#[derive(Debug)]
pub(crate) struct Keys {
    token: blake3::Hash,
    session: String,
    cookie: String,
}

impl Keys {
    pub(crate) fn new(config: &WebConfig) -> Self {
        Self {
            token: blake3::hash(config.token.expose().as_bytes()),
            session: session_of(&config.token),
            // Cookies are shared by all ports of a host: two hosts on one machine must not log each
            // other's browser out.
            cookie: format!("anvil_session_{}", config.listen.port()),
        }
    }

    /// Whether this is the token. Compares digests, so neither content nor length leaks by time.
    pub(crate) fn is_token(&self, text: &str) -> bool {
        let given = blake3::hash(text.trim().as_bytes());
        given.as_bytes().ct_eq(self.token.as_bytes()).into()
    }

    /// Whom a request comes from; none where it shows nothing, or something wrong.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Option<Caller> {
        if let Some(header) = headers.get(AUTHORIZATION) {
            // A wrong token is not made good by a cookie: who sends one means it.
            let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
            let right = scheme.eq_ignore_ascii_case("bearer") && self.is_token(token);
            return right.then_some(Caller { scope: Scope::Admin, via: Via::Bearer });
        }
        let session = cookie(headers, &self.cookie)?;
        let right: bool = session.as_bytes().ct_eq(self.session.as_bytes()).into();
        right.then_some(Caller { scope: Scope::Admin, via: Via::Cookie })
    }

    /// The `Set-Cookie` that opens a session.
    pub(crate) fn open_session(&self) -> String {
        format!("{}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age={SESSION_S}", self.cookie, self.session)
    }

    /// The `Set-Cookie` that ends it.
    pub(crate) fn end_session(&self) -> String {
        format!("{}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0", self.cookie)
    }
}

/// The session's value follows from the token, so that a new token ends all sessions; the token does
/// not follow from it, so that a stolen cookie is no key to the API after that.
fn session_of(token: &Token) -> String {
    let key = blake3::derive_key("anvil 2026 panel session v1", token.expose().as_bytes());
    blake3::keyed_hash(&key, b"panel").to_hex().to_string()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
