//! One try: the request over HTTP, the answer event by event.

use crate::GatewayError;
use crate::ask::TextSink;
use crate::config::{Patience, Upstream};
use crate::headers::Told;
use crate::outcome::Failed;
use crate::stream::Answer;
use futures_util::StreamExt as _;
use sse_stream::SseByteStream;

/// The version of the Messages API that the gateway speaks.
const API_VERSION: &str = "2023-06-01";
/// The most of an error's body that is read.
const MOST_ERROR_BYTES: usize = 64 * 1024;

/// What comes of an answer while it comes.
#[derive(Debug)]
pub(crate) enum Sign<'a> {
    /// Its head, with the status.
    Head(u16, &'a Told),
    /// The input's tokens are known: what counts of them against the pace.
    Input(u64),
    /// So many more bytes of the answer itself.
    Output(usize),
}

/// The client for all tries.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    http: reqwest::Client,
    url: reqwest::Url,
    upstream: Upstream,
    patience: Patience,
}

impl Sender {
    pub(crate) fn new(upstream: Upstream, patience: Patience) -> Result<Self, GatewayError> {
        let url = format!("{}/v1/messages", upstream.base_url.trim_end_matches('/'));
        let url = reqwest::Url::parse(&url).map_err(|error| GatewayError::Address {
            url: upstream.base_url.clone(),
            error: error.to_string(),
        })?;
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
            .user_agent(concat!("anvil/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, url, upstream, patience })
    }

    /// Sends the body and reads the answer into `answer`, which keeps what came even where this is
    /// dropped half way. `Ok` only for an answer whose usage arrived.
    pub(crate) async fn send(
        &self,
        body: Vec<u8>,
        answer: &mut Answer,
        sink: Option<&TextSink>,
        sign: &mut (dyn FnMut(Sign<'_>) + Send),
    ) -> Result<(), Failed> {
        let mut request = self
            .http
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("anthropic-version", API_VERSION)
            .body(body);
        if let Some(key) = &self.upstream.api_key {
            let (name, value) = key.header();
            request = request.header(name, value);
        }
        let head = match tokio::time::timeout(self.patience.first_byte, request.send()).await {
            Err(_) => {
                let message = "no answer began in time; the call may have been billed";
                return Err(Failed::cut(message, None).down());
            }
            Ok(Err(error)) if error.is_connect() => return Err(Failed::not_connected(&root(&error))),
            Ok(Err(error)) => {
                let message = format!(
                    "the connection broke before an answer: {}; the call may have been billed",
                    root(&error)
                );
                return Err(Failed::cut(&message, None).down());
            }
            Ok(Ok(head)) => head,
        };
        let (status, told) = (head.status().as_u16(), Told::of(head.headers()));
        sign(Sign::Head(status, &told));
        if head.status() != reqwest::StatusCode::OK {
            return Err(Failed::status(status, told.retry_after, &self.error_body(head).await));
        }
        self.read(head, answer, sink, sign).await
    }

    async fn read(
        &self,
        head: reqwest::Response,
        answer: &mut Answer,
        sink: Option<&TextSink>,
        sign: &mut (dyn FnMut(Sign<'_>) + Send),
    ) -> Result<(), Failed> {
        let mut events = SseByteStream::new(head.bytes_stream());
        let broke = loop {
            let event = match tokio::time::timeout(self.patience.idle, events.next()).await {
                Err(_) => break "the answer stalled".to_owned(),
                Ok(None) => break "the answer ended before its end".to_owned(),
                Ok(Some(Err(error))) => break format!("the answer broke off: {error}"),
                Ok(Some(Ok(event))) => event,
            };
            // Comments and fields alone are no event.
            let Some(data) = event.data.filter(|data| !data.is_empty()) else { continue };
            let input_was_known = answer.input_known;
            match answer.take(&data) {
                Err(nonsense) => break nonsense,
                Ok(Some(text)) => {
                    if let Some(sink) = sink {
                        sink(&text);
                    }
                }
                Ok(None) => {}
            }
            if answer.input_known && !input_was_known {
                sign(Sign::Input(answer.usage.paced_input_tokens()));
            } else if event.event.as_deref() == Some("content_block_delta") {
                sign(Sign::Output(data.len()));
            }
            if let Some((kind, message)) = &answer.error {
                break format!("Claude broke the answer off with {kind}: {message}");
            }
            if answer.complete {
                break "the answer came whole, but its usage did not".to_owned();
            }
        };
        if answer.usage_arrived() {
            Ok(())
        } else {
            Err(Failed::cut(&format!("{broke}; the call may have been billed"), reported(answer)))
        }
    }

    async fn error_body(&self, head: reqwest::Response) -> String {
        let mut bytes = Vec::new();
        let mut stream = head.bytes_stream();
        while let Ok(Some(Ok(chunk))) = tokio::time::timeout(self.patience.idle, stream.next()).await {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MOST_ERROR_BYTES {
                break;
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What of a broken answer's usage is known: its input, if that was told.
pub(crate) fn reported(answer: &Answer) -> Option<anvil_types::Usage> {
    answer.input_known.then(|| answer.usage.clone())
}

fn root(error: &reqwest::Error) -> String {
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
