//! A host that the test plays: it answers what it is told to, and remembers what it was asked.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use std::collections::HashMap;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

/// An answer: status, content type, body.
#[derive(Clone, Debug)]
pub(crate) struct Answer(pub(crate) u16, pub(crate) &'static str, pub(crate) String);

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
}

#[derive(Default)]
struct Played {
    /// Answers by method and path, given in order; the last one stays.
    answers: HashMap<String, Vec<Answer>>,
    asked: Vec<Asked>,
}

/// The played host.
pub(crate) struct Host {
    played: Arc<Mutex<Played>>,
    pub(crate) url: String,
    _runtime: tokio::runtime::Runtime,
}

impl Host {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let played = Arc::new(Mutex::new(Played::default()));
        let router = Router::new().fallback(answer).with_state(played.clone());
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { played, url, _runtime: runtime }
    }

    /// Answers `what` (`GET /api/v1/status`) with JSON.
    pub(crate) fn on(self, what: &str, json: &Value) -> Self {
        self.answers(what, Answer(200, "application/json", json.to_string()))
    }

    /// Answers with a problem.
    pub(crate) fn problem(self, what: &str, status: u16, slug: &str, title: &str, detail: &str) -> Self {
        let body = serde_json::json!({
            "type": format!("urn:anvil:problem:{slug}"), "title": title, "status": status, "detail": detail,
        });
        self.answers(what, Answer(status, "application/problem+json", body.to_string()))
    }

    /// Answers with an event stream that ends after these.
    pub(crate) fn events(self, what: &str, events: &str) -> Self {
        self.answers(what, Answer(200, "text/event-stream", events.to_owned()))
    }

    pub(crate) fn answers(self, what: &str, answer: Answer) -> Self {
        self.played.lock().expect("no panic").answers.entry(what.to_owned()).or_default().push(answer);
        self
    }

    /// What it was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.played.lock().expect("no panic").asked.clone()
    }

    /// Runs anvil against it.
    pub(crate) fn anvil(&self, args: &[&str]) -> Ran {
        let output = anvil().args(args).env("ANVIL_URL", &self.url).env("ANVIL_TOKEN", "secret").output();
        Ran::of(&output.expect("anvil runs"), &self.url)
    }
}

/// The binary, in an empty folder and an empty environment.
pub(crate) fn anvil() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anvil"));
    command.env_clear().env("TZ", "UTC").current_dir(env!("CARGO_TARGET_TMPDIR"));
    command
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: &Output, url: &str) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(url, "http://HOST");
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// All of it, for snapshots.
    pub(crate) fn shown(&self) -> String {
        format!("exit {}\n--- out\n{}--- err\n{}", self.code, self.out, self.err)
    }
}

async fn answer(
    State(played): State<Arc<Mutex<Played>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut played = played.lock().expect("no panic");
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = String::from_utf8_lossy(&body).into_owned();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    played.asked.push(Asked { method: method.clone(), target: uri.to_string(), token, body, text });
    let Some(answers) = played.answers.get_mut(&format!("{method} {}", uri.path())) else {
        return (StatusCode::NOT_FOUND, format!("the test plays no {method} {}", uri.path())).into_response();
    };
    let Answer(status, media, body) = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [("content-type", media)], body).into_response()
}
