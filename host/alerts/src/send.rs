//! One try: the request and its answer.

use crate::reach::Judge;
use crate::{Address, Reach, SigningSecret};
use anvil_types::{Timestamp, Webhook};
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use std::time::Duration;

/// How long a receiver has for all of its answer; the specification says 15 to 30 seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much of an answer is read: a few words for the log.
const MOST_BYTES: usize = 2_048;
/// How much of it the log keeps.
const MOST_CHARS: usize = 200;

/// How a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// With a status.
    Status {
        /// The status.
        status: u16,
        /// For how long it wants to be left alone.
        retry_after: Option<Duration>,
        /// The beginning of what it said.
        said: String,
    },
    /// Not at all.
    None {
        /// Why.
        why: String,
    },
}

impl Answer {
    /// The same without what the receiver said.
    pub(crate) fn without_words(self) -> Self {
        match self {
            Self::Status { status, retry_after, .. } => {
                Self::Status { status, retry_after, said: String::new() }
            }
            Self::None { .. } => self,
        }
    }
}

/// Sends messages. No connection is kept: each is made to an address that was judged for it.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    public: reqwest::Client,
    private: reqwest::Client,
}

impl Sender {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        Ok(Self { public: client(Reach::Public)?, private: client(Reach::Private)? })
    }

    /// Sends one message, signed at `stamp`.
    pub(crate) async fn send(
        &self,
        webhook: &Webhook,
        message_id: &str,
        stamp: Timestamp,
        body: Vec<u8>,
    ) -> Answer {
        let reach = Reach::of(webhook.allow_private);
        let address = match Address::parse(&webhook.url, reach) {
            Ok(address) => address,
            Err(error) => return Answer::None { why: error.to_string() },
        };
        let secret = match SigningSecret::parse(&webhook.secret) {
            Ok(secret) => secret,
            Err(error) => return Answer::None { why: error.to_string() },
        };
        let seconds = stamp.micros().div_euclid(1_000_000);
        let request = match reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        }
        .post(address.expose().clone())
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", message_id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", secret.sign(message_id, seconds, &body))
        .body(body);
        match tokio::time::timeout(PATIENCE, answer(request, stamp)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                Answer::None { why: words(&error, proxy(|name| std::env::var_os(name).is_some())) }
            }
            Err(_) => Answer::None { why: format!("no answer within {} seconds", PATIENCE.as_secs()) },
        }
    }
}

fn client(reach: Reach) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .dns_resolver(Judge(reach))
        // A proxy would connect to what nobody judged, and a redirect leads where nobody meant.
        .no_proxy()
        .redirect(Policy::none())
        .pool_max_idle_per_host(0)
        .user_agent(concat!("anvil/", env!("CARGO_PKG_VERSION")))
        .build()
}

async fn answer(request: reqwest::RequestBuilder, now: Timestamp) -> Result<Answer, reqwest::Error> {
    let mut response = request.send().await?;
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), now);
    let mut bytes = Vec::new();
    // The status is the answer; what is said beside it may break off.
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= MOST_BYTES {
            break;
        }
    }
    bytes.truncate(MOST_BYTES);
    let said = String::from_utf8_lossy(&bytes);
    let said = said.chars().map(|char| if char.is_control() { ' ' } else { char }).take(MOST_CHARS);
    Ok(Answer::Status { status, retry_after, said: said.collect::<String>().trim().to_owned() })
}

/// Seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    Some(Timestamp::from(date).since(now))
}

/// The proxy that the environment names, and that is not used.
fn proxy(is_set: impl Fn(&str) -> bool) -> Option<&'static str> {
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find(|name| is_set(name))
}

/// The root of an error, without the URL, which may be a secret.
fn words(error: &reqwest::Error, proxy: Option<&str>) -> String {
    let mut source: &dyn std::error::Error = match std::error::Error::source(error) {
        Some(source) => source,
        None => return "the request could not be sent".to_owned(),
    };
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    let what = if error.is_connect() { "no connection" } else { "the connection broke" };
    let unused = proxy.filter(|_| error.is_connect()).map(|name| {
        format!(" ({name} is not used for webhooks: a proxy would connect to an address that nobody judged)")
    });
    format!("{what}: {source}{}", unused.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_proxy_that_is_not_used_is_named_where_there_is_no_connection() {
        assert_eq!(proxy(|name| name == "http_proxy"), Some("http_proxy"));
        assert_eq!(proxy(|_| false), None);
        let http = client(Reach::Private).expect("a client");
        // Port 1 of loopback: nobody listens there.
        let error = http.post("http://127.0.0.1:1/").send().await.expect_err("nobody listens");
        assert!(
            words(&error, Some("http_proxy")).contains("(http_proxy is not used for webhooks: a proxy would")
        );
        assert!(!words(&error, None).contains("proxy"));
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().expect("a time");
        for (text, seconds) in [
            ("120", Some(120)),
            ("Mon, 23 Nov 2026 12:05:00 GMT", Some(300)),
            ("Mon, 23 Nov 2026 11:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().expect("a value"));
            assert_eq!(retry_after(&headers, now).map(|wait| wait.as_secs()), seconds, "{text}");
        }
    }
}
