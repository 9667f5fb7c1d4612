//! A client of the REST API.

use super::wait::until;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a stream of events is silent when all that has happened has come.
const QUIET: Duration = Duration::from_millis(500);

/// A client with the token of one host.
#[derive(Clone)]
pub(crate) struct Rest {
    url: String,
    token: String,
    http: reqwest::Client,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The bytes of the body.
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// The answer to a request that must succeed.
    fn good(self, what: &str) -> Self {
        assert!(self.status.is_success(), "{what}: {} {}", self.status, self.text());
        self
    }
}

impl Rest {
    pub(crate) fn new(url: &str, token: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build();
        Self { url: url.to_owned(), token: token.to_owned(), http: http.expect("a client") }
    }

    /// Where the host listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Sends anything. An error where no whole answer comes, as when the host is killed.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        Ok(Answer { status: answer.status(), bytes: answer.bytes().await?.to_vec() })
    }

    /// `POST` of bytes.
    pub(crate) async fn send_bytes(&self, path: &str, bytes: Vec<u8>) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token).body(bytes);
        let answer = request.send().await.expect("the host answers");
        Answer { status: answer.status(), bytes: answer.bytes().await.expect("a whole answer").to_vec() }
    }

    /// `GET` of JSON that must succeed.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, None).await.expect("the host answers").good(path).json()
    }

    /// `GET` of a page of the panel or a file.
    pub(crate) async fn text(&self, path: &str) -> String {
        self.send(Method::GET, path, None).await.expect("the host answers").good(path).text()
    }

    /// `POST` that must succeed.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.send(Method::POST, path, Some(body)).await.expect("the host answers").good(path).json()
    }

    /// `PUT` that must succeed.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Value {
        self.send(Method::PUT, path, Some(body)).await.expect("the host answers").good(path).json()
    }

    /// Every item of a list, page by page. `path` has its `?` already.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = String::new();
        loop {
            let page = self.get(&format!("{path}{next}")).await;
            all.extend(page["items"].as_array().expect("a list").iter().cloned());
            match page["next"].as_str() {
                Some(after) => next = format!("&after={after}"),
                None => return all,
            }
        }
    }

    /// Submits a job and gives its id.
    pub(crate) async fn submit(&self, agent: &str, action: &str, payload: Value) -> String {
        let job =
            self.post("/api/v1/jobs", &json!({"agent": agent, "action": action, "payload": payload})).await;
        job["id"].as_str().expect("an id").to_owned()
    }

    /// A job.
    pub(crate) async fn job(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/jobs/{id}")).await
    }

    /// Every job, the newest first.
    pub(crate) async fn jobs(&self) -> Vec<Value> {
        self.all("/api/v1/jobs?limit=500").await
    }

    /// Waits until a job has come to its end.
    pub(crate) async fn ended(&self, id: &str, within: Duration) -> Value {
        until(&format!("job {id} ends"), within, async || {
            let job = self.job(id).await;
            let state = job["state"].as_str().expect("a state");
            matches!(state, "succeeded" | "failed" | "cancelled").then_some(job)
        })
        .await
    }

    /// The states that a job has gone through, as its events tell.
    pub(crate) async fn states(&self, id: &str) -> Vec<String> {
        let url = format!("{}/api/v1/jobs/{id}/events", self.url);
        let stream = self.http.get(url).bearer_auth(&self.token).send().await;
        let mut stream = stream.expect("the host answers");
        let mut bytes = Vec::new();
        // What has happened comes at once; what comes later has not happened yet.
        while let Ok(chunk) = tokio::time::timeout(QUIET, stream.chunk()).await {
            bytes.extend_from_slice(&chunk.expect("a stream").expect("a stream that does not end"));
        }
        let text = String::from_utf8(bytes).expect("a stream of text");
        let events = text.lines().filter_map(|line| line.strip_prefix("data:"));
        let states = events.filter_map(|data| {
            let event: Value = serde_json::from_str(data.trim()).expect("an event");
            Some(event).filter(|event| event["type"] == "job")?["state"].as_str().map(str::to_owned)
        });
        states.collect()
    }

    /// Waits until a job has succeeded.
    pub(crate) async fn succeeded(&self, id: &str, within: Duration) -> Value {
        let job = self.ended(id, within).await;
        assert_eq!(job["state"], "succeeded", "{job:#}");
        job
    }

    /// How the host stands.
    pub(crate) async fn status(&self) -> Value {
        self.get("/api/v1/status").await
    }

    /// Jumps the host's clock ahead, and lets it run this many times as fast. The host's time after it.
    pub(crate) async fn drive(&self, ahead: Duration, rate: f64) -> String {
        let clock = json!({"advance_s": ahead.as_secs_f64(), "rate": rate});
        self.post("/api/v1/clock", &clock).await["now"].as_str().expect("a time").to_owned()
    }

    /// Changes limits.
    pub(crate) async fn limits(&self, limits: &Value) -> Value {
        self.put("/api/v1/limits", limits).await
    }

    /// The whole ledger, the newest first.
    pub(crate) async fn ledger(&self) -> Vec<Value> {
        self.all("/api/v1/ledger?limit=1000").await
    }

    /// The files of a job by name.
    pub(crate) async fn artifacts(&self, job: &str) -> BTreeMap<String, Vec<u8>> {
        let list = self.get(&format!("/api/v1/jobs/{job}/artifacts")).await;
        let mut files = BTreeMap::new();
        for file in list["items"].as_array().expect("a list") {
            let name = file["name"].as_str().expect("a name").to_owned();
            let mut path = reqwest::Url::parse(&self.url).expect("an address");
            let parts = ["api", "v1", "jobs", job, "artifacts"].into_iter().chain(name.split('/'));
            path.path_segments_mut().expect("an address with a path").extend(parts);
            let answer =
                self.send(Method::GET, path.path(), None).await.expect("the host answers").good(&name);
            assert_eq!(file["size"].as_u64(), Some(answer.bytes.len() as u64), "the size of {name}");
            files.insert(name, answer.bytes);
        }
        files
    }
}

/// Dollars in JSON as nano-dollars: exact, since a double holds millions of dollars to the nano-dollar.
#[expect(clippy::cast_possible_truncation, reason = "checked to be far within range")]
pub(crate) fn nanos(usd: &Value) -> i64 {
    let nanos = (usd.as_f64().unwrap_or_else(|| panic!("{usd} is no amount")) * 1e9).round();
    assert!(nanos.abs() < 4e15, "{usd} dollars are too many to be exact");
    nanos as i64
}
