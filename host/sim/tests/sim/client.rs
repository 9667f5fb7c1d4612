//! A client that sees what really came over the wire, and whether it came to its end.

use anvil_sim::{Sim, SimConfig, SimHandle};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// False if the connection broke within the body.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|v| v.to_str().unwrap())
    }

    /// The events of a stream: name and data.
    pub(crate) fn events(&self) -> Vec<(String, Value)> {
        let frame = |frame: &str| {
            let (name, data) = frame.split_once('\n')?;
            let data = serde_json::from_str(data.strip_prefix("data: ")?).ok()?;
            Some((name.strip_prefix("event: ")?.to_owned(), data))
        };
        self.body.split("\n\n").filter_map(frame).collect()
    }

    /// The names of a stream's events.
    pub(crate) fn names(&self) -> Vec<String> {
        self.events().into_iter().map(|(name, _)| name).collect()
    }
}

pub(crate) async fn start(config: SimConfig) -> SimHandle {
    Sim::start(config).await.unwrap()
}

/// A simulator that plays a script given as JSON.
pub(crate) async fn scripted(script: Value) -> SimHandle {
    start(SimConfig { script: anvil_sim::Script::from_value(script).unwrap(), ..SimConfig::default() }).await
}

/// A request that asks for a stream, or not.
pub(crate) fn question(stream: bool) -> Value {
    json!({"model": "claude-haiku-5-5", "max_tokens": 1000, "stream": stream,
        "messages": [{"role": "user", "content": "Why do token buckets go into debt?"}]})
}

/// Sends one request on a connection of its own. `Err` if it ends before an answer's head.
pub(crate) async fn send(
    sim: &SimHandle,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Answer, hyper::Error> {
    let socket = TcpStream::connect(sim.addr()).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", "sim");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = sender.send_request(request.body(Full::new(body.into())).unwrap()).await?;
    let (parts, mut body) = response.into_parts();
    let (mut text, mut whole) = (Vec::new(), true);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            whole = false;
            break;
        };
        text.extend_from_slice(frame.data_ref().map_or(&[][..], |b| b));
    }
    let body = String::from_utf8(text).unwrap();
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body, whole })
}

pub(crate) const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// `POST /v1/messages`.
pub(crate) async fn ask(sim: &SimHandle, body: &Value) -> Answer {
    try_ask(sim, body).await.unwrap()
}

/// `POST /v1/messages`, where the connection may end before the answer.
pub(crate) async fn try_ask(sim: &SimHandle, body: &Value) -> Result<Answer, hyper::Error> {
    send(sim, "POST", "/v1/messages", &[VERSION], body.to_string()).await
}

/// `GET` of a path.
pub(crate) async fn get(sim: &SimHandle, path: &str) -> Answer {
    send(sim, "GET", path, &[VERSION], "").await.unwrap()
}

/// `POST` of JSON to a control path.
pub(crate) async fn post(sim: &SimHandle, path: &str, body: &Value) -> Answer {
    send(sim, "POST", path, &[], body.to_string()).await.unwrap()
}
