//! The address before a proxy.

use crate::value::{Raw, Value, quoted};
use url::Url;

/// Scheme, host and port of the address under which people reach the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// The host's name or address.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// As a browser writes it in `Origin`: without a slash at its end.
    pub fn origin(&self) -> String {
        self.0.as_str().trim_end_matches('/').to_owned()
    }
}

impl Value for Option<PublicUrl> {
    const EXPECTED: &'static str = "an address such as https://anvil.example.com, or empty";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        let text = raw.text().ok_or(None)?.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let url = Url::parse(text).map_err(|_| None)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(None);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Some("without a user name or password".to_owned()));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(Some("without a path: the panel stands at the top of its host".to_owned()));
        }
        Ok(Some(PublicUrl(url)))
    }
    fn show(&self) -> String {
        quoted(&self.as_ref().map(PublicUrl::origin).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_is_a_scheme_and_a_host() {
        let read = |text: &str| <Option<PublicUrl>>::read(&Raw::Text(text.to_owned()));
        for (text, origin) in [
            ("https://Anvil.Example.com/", Some("https://anvil.example.com")),
            (" http://10.0.0.1:8080", Some("http://10.0.0.1:8080")),
            ("https://anvil.example.com:443", Some("https://anvil.example.com")),
            ("", None),
        ] {
            assert_eq!(read(text).expect(text).map(|url| url.origin()).as_deref(), origin);
        }
        for text in [
            "anvil.example.com",
            "ftp://anvil",
            "https://",
            "https://a:b@anvil",
            "https://anvil/x",
            "https://anvil/?a",
        ] {
            read(text).expect_err(text);
        }
    }
}
