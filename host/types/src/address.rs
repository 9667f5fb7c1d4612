//! Addresses as they may be shown.

/// An address without what may be secret in it: a user and password before the `@`, a query, a fragment.
/// Every address that a person, a log or a page sees passes here.
pub fn shown_address(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.find("://").map_or(("", url), |at| url.split_at(at + 3));
    let end = rest.find(['/', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rfind('@') {
        Some(at) => format!("{scheme}{}{path}", &authority[at + 1..]),
        // A password that holds a slash, or an address without a scheme: rather too little than a secret.
        None if path.contains('@')
            && (scheme.is_empty() || authority.contains(':') && !ends_in_port(authority)) =>
        {
            format!("{scheme}{}", &path[path.rfind('@').map_or(0, |at| at + 1)..])
        }
        None => format!("{scheme}{authority}{path}"),
    }
}

fn ends_in_port(authority: &str) -> bool {
    authority.rsplit(':').next().is_some_and(|port| port.ends_with(']') || port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        for (url, shown) in [
            ("https://api.anthropic.com", "https://api.anthropic.com"),
            ("http://127.0.0.1:9/proxy/v1", "http://127.0.0.1:9/proxy/v1"),
            ("http://me:s3cret@host:80/x", "http://host:80/x"),
            ("http://me:s3@cret@host/x@y", "http://host/x@y"),
            ("http://t0ken@[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]/a@b", "http://[::1]/a@b"),
            ("https://host/p@2024/x", "https://host/p@2024/x"),
            ("https://host:443/p@2024", "https://host:443/p@2024"),
            ("https://host/?key=s3cret#s3cret", "https://host/"),
            ("me:s3cret@host/x", "host/x"),
            ("http://me:s3/cret@host/x", "http://host/x"),
            ("me:s3/cret@host", "host"),
            ("", ""),
        ] {
            assert_eq!(shown_address(url), shown, "{url}");
        }
    }
}
