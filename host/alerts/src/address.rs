//! Where a webhook is.

use crate::Reach;
use crate::reach::not_allowed;
use reqwest::Url;
use std::fmt;
use std::net::IpAddr;

/// A text is no address of a webhook.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It cannot be read.
    #[error("this is no URL ({0}); a webhook's is written https://HOST/PATH")]
    Unreadable(String),
    /// Another protocol.
    #[error("`{0}:` will not do; a webhook is called over https: or http:")]
    Scheme(String),
    /// A name or password in it.
    #[error("a user name or password in the URL will not do; what is sent is signed instead")]
    Credentials,
    /// A host that may not be called.
    #[error("{0}")]
    NotPublic(String),
    /// Longer than anyone needs.
    #[error("the URL has more than {0} bytes")]
    TooLong(usize),
}

/// The longest URL.
const LONGEST: usize = 2_000;

/// Where a webhook is. Shown without its path, which may be a secret, as Slack's are.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads an address. One that is written as a number is judged here; what a name points to is
    /// judged whenever it is called.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, BadAddress> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(BadAddress::TooLong(LONGEST));
        }
        let url = Url::parse(text).map_err(|error| BadAddress::Unreadable(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BadAddress::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadAddress::Credentials);
        }
        // The parser has put every way of writing an IPv4 address into the usual one.
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let bad = match bare.parse::<IpAddr>() {
            Ok(address) => Some(address).filter(|address| !reach.allows(*address)),
            Err(_) if is_localhost(host) && reach == Reach::Public => Some(IpAddr::from([127, 0, 0, 1])),
            Err(_) => None,
        };
        match bad {
            Some(address) => Err(BadAddress::NotPublic(not_allowed(host, address))),
            None => Ok(Self(url)),
        }
    }

    /// The URL with all that is in it.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

// RFC 6761: the name and all under it are this machine.
fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host == "localhost" || host.ends_with(".localhost")
}

/// The scheme and the host alone.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.0.port().map(|port| format!(":{port}")).unwrap_or_default();
        let rest = if self.0.path() == "/" && self.0.query().is_none() { "" } else { "/…" };
        let host = self.0.host_str().unwrap_or_default();
        f.pad(&format!("{}://{host}{port}{rest}", self.0.scheme()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_writing_loopback_gets_through() {
        for text in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://[::1]:8080/x",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost/",
            "https://a.LOCALHOST./",
            "http://169.254.169.254/latest",
            "http://１２７.0.0.1/",
        ] {
            let error = Address::parse(text, Reach::Public).expect_err(text);
            assert!(matches!(error, BadAddress::NotPublic(_)), "{text}: {error}");
            if !text.contains("169") {
                Address::parse(text, Reach::Private).expect(text);
            }
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        for (text, part) in [
            ("ops.example/hook", "no URL"),
            ("", "no URL"),
            ("https://", "no URL"),
            ("ftp://ops.example/", "`ftp:`"),
            ("file:///etc/passwd", "`file:`"),
            ("javascript:alert(1)", "`javascript:`"),
            ("https://ann:secret@ops.example/", "password"),
            ("https://ann@ops.example/", "user name"),
        ] {
            let error = Address::parse(text, Reach::Private).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn an_address_is_shown_without_what_may_be_a_secret() {
        let shown = |text: &str| Address::parse(text, Reach::Public).expect("an address").to_string();
        assert_eq!(shown("https://hooks.slack.com/services/T/B/secret"), "https://hooks.slack.com/…");
        assert_eq!(shown("https://ops.example:8443/?key=secret"), "https://ops.example:8443/…");
        assert_eq!(shown("https://ops.example"), "https://ops.example");
        let address = Address::parse("https://ops.example/secret", Reach::Public).expect("an address");
        assert!(!format!("{address:?}").contains("secret"));
    }
}
