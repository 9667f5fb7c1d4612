//! A receiver of webhooks on loopback, which answers as it is told and tells what it heard.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// How it answers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: Option<u16>,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self { status: Some(status), headers: Vec::new(), body: String::new() }
    }

    /// It takes the request, and says nothing.
    pub(crate) fn never() -> Self {
        Self { status: None, headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn body(self, body: String) -> Self {
        Self { body, ..self }
    }
}

/// A request that came.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("readable"))
    }

    pub(crate) fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

#[derive(Clone)]
struct Shared {
    reply: Arc<Mutex<Reply>>,
    heard: mpsc::UnboundedSender<Heard>,
}

pub(crate) struct Receiver {
    port: u16,
    reply: Arc<Mutex<Reply>>,
    heard: mpsc::UnboundedReceiver<Heard>,
}

impl Receiver {
    pub(crate) async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, heard) = mpsc::unbounded_channel();
        let reply = Arc::new(Mutex::new(reply));
        let shared = Shared { reply: reply.clone(), heard: sender };
        let router = Router::new().fallback(take).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, reply, heard }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// From now on it answers so.
    pub(crate) fn replies(&self, reply: Reply) {
        *self.reply.lock().expect("no panic") = reply;
    }

    /// The next request; a test that waits for one that never comes fails instead of hanging.
    pub(crate) async fn next(&mut self) -> Heard {
        let heard = tokio::time::timeout(Duration::from_secs(20), self.heard.recv()).await;
        heard.expect("a request comes").expect("the receiver runs")
    }

    /// How many requests came that nobody has looked at.
    pub(crate) fn heard_so_far(&self) -> usize {
        self.heard.len()
    }

    /// Nothing came, and for a moment nothing comes.
    pub(crate) async fn heard_no_more(&mut self) {
        let more = tokio::time::timeout(Duration::from_millis(300), self.heard.recv()).await;
        assert!(more.is_err(), "{more:?}");
    }
}

async fn take(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let reply = shared.reply.lock().expect("no panic").clone();
    let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    shared.heard.send(Heard { path, headers, body }).expect("the test listens");
    let Some(status) = reply.status else { return std::future::pending().await };
    let mut response = (StatusCode::from_u16(status).expect("a status"), reply.body).into_response();
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value.parse().expect("a value"));
    }
    response
}
