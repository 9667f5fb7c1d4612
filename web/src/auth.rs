//! Who calls: a token in a header, or a session in a cookie.

use crate::permission::{Caller, Permission, Via};
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
        if let Some(token) = bearer(headers) {
            // A wrong token is not made good by a cookie: who sends one means it.
            return self.is_token(token).then_some(Caller { scope: Permission::Admin, via: Via::Bearer });
        }
        // A parent domain may have set one of this name too.
        let is_it = |session: &str| -> bool { session.as_bytes().ct_eq(self.session.as_bytes()).into() };
        let right = cookies(headers, &self.cookie).any(is_it);
        right.then_some(Caller { scope: Permission::Admin, via: Via::Cookie })
    }

    /// The `Set-Cookie` that opens a session.
    pub(crate) fn open_session(&self, transport: Transport) -> String {
        let secure = transport.attribute();
        format!(
            "{}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age={SESSION_S}{secure}",
            self.cookie, self.session
        )
    }

    /// The `Set-Cookie` that ends it.
    pub(crate) fn end_session(&self, transport: Transport) -> String {
        format!("{}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0{}", self.cookie, transport.attribute())
    }
}

/// What carries requests between the browser and whatever stands before this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// In the clear.
    Plain,
    /// TLS, which a proxy ends: a cookie never leaves the browser without it.
    Tls,
}

impl Transport {
    /// As `server.public_url` says, or what the proxy says of this request.
    pub(crate) fn of(headers: &HeaderMap, public_url: Option<&str>) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let first = |text: &str| text.split(',').next().unwrap_or_default().trim().to_ascii_lowercase();
        let forwarded = first(text("forwarded"));
        let by_proxy = first(text("x-forwarded-proto")) == "https"
            || forwarded.split(';').any(|pair| matches!(pair.trim(), "proto=https" | "proto=\"https\""));
        if by_proxy || public_url.is_some_and(|url| url.starts_with("https://")) {
            Self::Tls
        } else {
            Self::Plain
        }
    }

    fn attribute(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Tls => "; Secure",
        }
    }
}

/// A token in an `Authorization` header. Other schemes are a proxy's that stands before this server and passes on
/// what it was shown itself.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get_all(AUTHORIZATION).iter().find_map(|header| {
        match header.to_str().unwrap_or_default().split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token),
            Some(_) => None,
            // A token without its scheme is no proxy's: it is a wrong one.
            None => Some(""),
        }
    })
}

/// The session's value follows from the token, so that a new token ends all sessions; the token does
/// not follow from it, so that a stolen cookie is no key to the API after that.
fn session_of(token: &Token) -> String {
    let key = blake3::derive_key("anvil 2026 panel session v1", token.expose().as_bytes());
    blake3::keyed_hash(&key, b"panel").to_hex().to_string()
}

fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value)
}
