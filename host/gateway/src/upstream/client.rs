//! One try: the request over HTTP, the answer to whoever takes it.

use crate::config::{Patience, Upstream};
use crate::error::GatewayError;
use crate::pace::headers::told;
use crate::upstream::answer::Answer;
use crate::upstream::failed::Failed;
use crate::upstream::fault::Fault;
use crate::upstream::heard::Heard;
use crate::upstream::observer::{AnswerHead, Ending, Observer, Wanted};
use crate::upstream::secrets::Redactor;
use crate::upstream::sign::Sign;
use anvil_types::shown_address;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use reqwest::header::{HeaderMap, HeaderValue};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// The version of the Messages API that the gateway speaks.
const API_VERSION: &str = "2023-06-01";
/// How much, and for how long, what comes after the end is read, so that the connection can be used again.
const MOST_REST_BYTES: usize = 64 * 1024;
const REST: Duration = Duration::from_secs(1);
/// An idle connection is given up before load balancers commonly close theirs, at 60 seconds.
const IDLE_CONNECTION: Duration = Duration::from_secs(30);

/// The client for all tries.
#[derive(Clone)]
pub(crate) struct Sender {
    http: reqwest::Client,
    url: reqwest::Url,
    key: Option<(&'static str, HeaderValue)>,
    patience: Patience,
    redactor: Redactor,
}

// Its address may hold a password.
impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl Sender {
    pub(crate) fn new(upstream: &Upstream, patience: Patience) -> Result<Self, GatewayError> {
        let url = format!("{}/v1/messages", upstream.base_url.trim_end_matches('/'));
        let url = reqwest::Url::parse(&url).map_err(|error| GatewayError::Address {
            url: shown_address(&upstream.base_url),
            error: error.to_string(),
        })?;
        let key = upstream.api_key.as_ref().map(|key| {
            let (name, value) = key.header();
            let mut value = HeaderValue::from_str(&value).map_err(|_| GatewayError::Key)?;
            // So that no layer below shows it in a log of its own.
            value.set_sensitive(true);
            Ok::<_, GatewayError>((name, value))
        });
        let key = key.transpose()?;
        let mut http = reqwest::Client::builder();
        if is_loopback(&url) {
            // A proxy of the environment is for the world outside.
            http = http.no_proxy();
        }
        let http = http
            .connect_timeout(patience.connect)
            .tcp_nodelay(true)
            // A redirect would carry the key to where nobody meant it to go.
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(128)
            .pool_idle_timeout(IDLE_CONNECTION)
            .user_agent(concat!("anvil/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, url, key, patience, redactor: Redactor::of(upstream) })
    }

    /// Takes the upstream's secrets out of what leaves the gateway.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Sends the body and hands the answer to `observer`, which knows what it comes to. An error where no answer
    /// began.
    pub(crate) async fn send(
        &self,
        body: Bytes,
        betas: &[&str],
        first_byte: Duration,
        observer: &mut dyn Observer,
        sign: &mut (dyn FnMut(Sign<'_>) + Send),
    ) -> Result<(), Failed> {
        let response = self.open(body, betas, first_byte).await?;
        let (status, told) = (response.status(), told(response.headers()));
        sign(Sign::Head(status.as_u16(), &told));
        let flow = observer.head(&AnswerHead {
            status: status.as_u16(),
            reason: status.canonical_reason(),
            headers: response.headers(),
            told: &told,
            redirect: self.redirect(response.headers()).filter(|_| status.is_redirection()),
        });
        pour(response, self.patience.idle, flow, observer, sign).await;
        Ok(())
    }

    /// A request to the batches' endpoint behind which stands `rest`.
    pub(crate) fn to_batches(
        &self,
        method: reqwest::Method,
        rest: &str,
        query: &[(&str, &str)],
    ) -> reqwest::RequestBuilder {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/batches{rest}", self.url.path()));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self
            .http
            .request(method, url)
            .header("accept-encoding", "identity")
            .header("anthropic-version", API_VERSION);
        match &self.key {
            Some((name, key)) => request.header(*name, key.clone()),
            None => request,
        }
    }

    /// A failure without the upstream's secrets, its error read in the light of the request that it answers.
    pub(crate) fn judged(&self, failed: Failed, body: &[u8]) -> Failed {
        self.clean(failed).in_the_light_of(body)
    }

    /// What it comes to that a try was given up half way.
    #[expect(clippy::unused_self, reason = "it belongs to what the sender does")]
    pub(crate) fn given_up(&self, answer: &Answer) -> Failed {
        match answer.status {
            // The status says it, whatever its body would have said.
            Some(status) if status != 200 => Failed::status(status, None, Fault::default(), None),
            _ => {
                let message = "the call took too long and was given up; it may have been billed";
                let heard = Heard { status: answer.status, began: answer.began, ..Heard::default() };
                Failed::cut(message, heard)
            }
        }
    }

    async fn open(
        &self,
        body: Bytes,
        betas: &[&str],
        first_byte: Duration,
    ) -> Result<reqwest::Response, Failed> {
        let mut request = self
            .http
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("accept", "text/event-stream")
            // Compressed, events would come in lumps. What comes so all the same is read.
            .header("accept-encoding", "identity")
            .header("anthropic-version", API_VERSION)
            .body(body);
        if let Some((name, key)) = &self.key {
            request = request.header(*name, key.clone());
        }
        if !betas.is_empty() {
            request = request.header("anthropic-beta", betas.join(","));
        }
        match tokio::time::timeout(first_byte, request.send()).await {
            Err(_) => {
                let message = "no answer began in time; the call may have been billed";
                Err(Failed::cut(message, Heard::default()))
            }
            Ok(Err(error)) if error.is_connect() || error.is_builder() => {
                Err(Failed::not_connected(&root(&error)))
            }
            Ok(Err(error)) => {
                let message = format!(
                    "the connection broke before an answer: {}; the call may have been billed",
                    root(&error)
                );
                Err(Failed::cut(&message, Heard::default()))
            }
            Ok(Ok(response)) => Ok(response),
        }
    }

    // Without a query, which may hold a secret, and never followed.
    pub(crate) fn redirect(&self, headers: &HeaderMap) -> Option<String> {
        let location = headers.get("location")?.to_str().ok()?;
        Some(shown_address(self.url.join(location).ok()?.as_str()))
    }

    fn clean(&self, mut failed: Failed) -> Failed {
        self.redactor.clean_text(&mut failed.error.message);
        let heard = &mut failed.heard;
        let fault = heard.fault.iter_mut().flat_map(Fault::texts_mut);
        fault
            .chain(&mut heard.no_stream)
            .chain(&mut heard.redirect)
            .for_each(|text| self.redactor.clean_text(text));
        failed
    }
}

// Hands a body over as it comes, for as long as more of it is wanted.
async fn pour(
    response: reqwest::Response,
    idle: Duration,
    mut flow: Wanted,
    observer: &mut dyn Observer,
    sign: &mut (dyn FnMut(Sign<'_>) + Send),
) {
    let mut chunks = response.bytes_stream().boxed();
    let mut late = None;
    loop {
        let wait = match flow {
            Wanted::More => idle,
            Wanted::Within(longest) => {
                let late = *late.get_or_insert_with(|| Instant::now() + longest);
                idle.min(late.saturating_duration_since(Instant::now()))
            }
            Wanted::Ended => {
                let mut rest = Box::pin(read_out(chunks));
                // As a rule it is there already.
                if rest.as_mut().now_or_never().is_none() {
                    tokio::spawn(rest);
                }
                return;
            }
            Wanted::Enough => return,
        };
        let ending = match tokio::time::timeout(wait, chunks.next()).await {
            Ok(Some(Ok(bytes))) => {
                flow = observer.chunk(&bytes, sign);
                continue;
            }
            Ok(Some(Err(error))) => Ending::Broke(error.to_string()),
            Ok(None) => Ending::Whole,
            Err(_) if late.is_some_and(|late| late <= Instant::now()) => Ending::Late,
            Err(_) => Ending::Stalled,
        };
        return observer.end(&ending, sign);
    }
}

// What is left of a body after the answer's end: most often the mark that it is the end.
async fn read_out(mut chunks: BoxStream<'static, reqwest::Result<Bytes>>) {
    let mut bytes = 0;
    let read = async {
        while let Some(Ok(more)) = chunks.next().await {
            bytes += more.len();
            if bytes > MOST_REST_BYTES {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(REST, read).await;
}

/// What stands at the root of an error of the connection.
pub(crate) fn root(error: &reqwest::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    source.to_string()
}

fn is_loopback(url: &reqwest::Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}
