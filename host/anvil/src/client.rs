//! The REST API, as a client sees it.

use crate::answer::Answer;
use crate::cli::source::{Source, Unread};
use crate::connect::is_loopback;
use crate::failure::{Failure, Problem};
use crate::show::Moment;
use anvil_api::NOW;
use anvil_settings::Secret;
use anvil_types::Timestamp;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long an answer may take; event streams have no such bound.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How long an answer may take for which the host compiles and runs something.
const LONG_TIMEOUT: Duration = Duration::from_mins(10);
/// Bytes of an address that hosts and what stands between take; hyper takes 65,534.
const LONGEST_ADDRESS: usize = 60_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// With the bytes of a file as its body, read as they are sent.
fn read_from(request: RequestBuilder, file: Source) -> RequestBuilder {
    // Where the host knows how much it is, it says at once that it is too much.
    let request = match file.bytes {
        Some(length) => request.header("content-length", length),
        None => request,
    };
    request.body(reqwest::Body::wrap_stream(file.pieces()))
}

/// A host as a client sees it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<Secret>,
    /// What the clock of the host said with its latest answer.
    now: Arc<Mutex<Option<Timestamp>>>,
}

impl Client {
    /// A client of the host at `base`.
    pub(crate) fn new(base: Url, token: Option<Secret>) -> Result<Self, Failure> {
        let agent = concat!("anvil/", env!("CARGO_PKG_VERSION"));
        let builder = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).user_agent(agent);
        // A proxy of the environment cannot reach this machine's own loopback. A redirect could carry the token away.
        let builder = if is_loopback(&base) { builder.no_proxy() } else { builder };
        let http =
            builder.redirect(reqwest::redirect::Policy::none()).build().map_err(anyhow::Error::from)?;
        Ok(Self { http, base, token, now: Arc::default() })
    }

    /// The host's present, by its latest answer: its clock may be driven, or be another machine's. Where it did not say,
    /// this machine's.
    pub(crate) fn moment(&self) -> Moment {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).map_or_else(Moment::now, Moment::at)
    }

    /// Where the host is, as it may be shown: a password that a proxy before it asks for is no part of it.
    pub(crate) fn base(&self) -> String {
        let mut shown = self.base.clone();
        if shown.set_password(None).and_then(|()| shown.set_username("")).is_err() {
            return "the address that was given".to_owned();
        }
        shown.as_str().trim_end_matches('/').to_owned()
    }

    /// `GET` of `/api/v1/` and these segments.
    pub(crate) async fn get<A: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer<A>, Failure> {
        self.json(self.request(Method::GET, path, query)?).await
    }

    /// `POST` without a body.
    pub(crate) async fn post<A: DeserializeOwned>(&self, path: &[&str]) -> Result<Answer<A>, Failure> {
        self.json(self.request(Method::POST, path, &[])?).await
    }

    /// `PUT` of a plugin's bytes, for an answer that may take a while.
    pub(crate) async fn put_bytes<A: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        plugin: Source,
    ) -> Result<Answer<A>, Failure> {
        let request = self.request(Method::PUT, path, query)?.header("content-type", "application/wasm");
        self.json_within(read_from(request, plugin), LONG_TIMEOUT).await
    }

    /// `POST` of a plugin's bytes, or of none, for an answer that may take a while.
    pub(crate) async fn post_bytes<A: DeserializeOwned>(
        &self,
        path: &[&str],
        plugin: Option<Source>,
    ) -> Result<Answer<A>, Failure> {
        let request = self.request(Method::POST, path, &[])?.header("content-type", "application/wasm");
        let request = match plugin {
            Some(plugin) => read_from(request, plugin),
            None => request.body(Vec::new()),
        };
        self.json_within(request, LONG_TIMEOUT).await
    }

    /// `POST` or `PUT` of a JSON body.
    pub(crate) async fn send<A: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: &(impl Serialize + Sync),
    ) -> Result<Answer<A>, Failure> {
        self.json(self.request(method, path, &[])?.json(body)).await
    }

    /// `POST` of JSON lines, as they come; the answers come meanwhile.
    pub(crate) async fn send_lines<S>(&self, path: &[&str], lines: S) -> Result<Response, Failure>
    where
        S: futures_util::Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static,
    {
        let body = reqwest::Body::wrap_stream(lines);
        let request = self.request(Method::POST, path, &[])?.header("content-type", "application/jsonl");
        self.answer(request.body(body)).await
    }

    /// `POST` of a form in parts, whose body may be longer than memory should have.
    pub(crate) async fn send_form<A, S>(
        &self,
        path: &[&str],
        boundary: &str,
        length: Option<u64>,
        parts: S,
    ) -> Result<Answer<A>, Failure>
    where
        A: DeserializeOwned,
        S: futures_util::Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static,
    {
        let media = format!("multipart/form-data; boundary={boundary}");
        let mut request = self.request(Method::POST, path, &[])?.header("content-type", media);
        // Where the host knows how much it is, it says at once that it is too much.
        if let Some(length) = length {
            request = request.header("content-length", length);
        }
        self.json_within(request.body(reqwest::Body::wrap_stream(parts)), LONG_TIMEOUT).await
    }

    /// `DELETE`, which is answered with nothing.
    pub(crate) async fn delete(&self, path: &[&str]) -> Result<(), Failure> {
        self.answer(self.request(Method::DELETE, path, &[])?.timeout(TIMEOUT)).await.map(drop)
    }

    /// `DELETE` with a query, which is answered with what is gone.
    pub(crate) async fn delete_of<A: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer<A>, Failure> {
        self.json(self.request(Method::DELETE, path, query)?).await
    }

    /// The bytes of a `GET`.
    pub(crate) async fn bytes(&self, path: &[&str]) -> Result<Vec<u8>, Failure> {
        self.bytes_of(path, &[]).await
    }

    /// The bytes of a `GET` with a query.
    pub(crate) async fn bytes_of(&self, path: &[&str], query: &[(&str, String)]) -> Result<Vec<u8>, Failure> {
        let response = self.answer(self.request(Method::GET, path, query)?.timeout(TIMEOUT)).await?;
        Ok(response.bytes().await.map_err(|error| self.unreachable(&error))?.to_vec())
    }

    /// Opens the answer of a `GET` that may go on for long.
    pub(crate) async fn open(&self, path: &[&str], query: &[(&str, String)]) -> Result<Response, Failure> {
        self.answer(self.request(Method::GET, path, query)?).await
    }

    /// Opens an event stream, after a place where that is given.
    pub(crate) async fn stream(&self, path: &[&str], after: Option<u64>) -> Result<Response, Failure> {
        let query: Vec<_> = after.map(|after| ("after", after.to_string())).into_iter().collect();
        let request = self.request(Method::GET, path, &query)?;
        self.answer(request.header("accept", "text/event-stream")).await
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<RequestBuilder, Failure> {
        // In an address these are no names but places: another would be asked.
        if let Some(place) = path.iter().find(|part| matches!(part.trim(), "" | "." | "..")) {
            return Err(Failure::Usage(format!("`{place}` is no name and no id")));
        }
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let bytes = url.as_str().len();
        if bytes > LONGEST_ADDRESS {
            return Err(Failure::Usage(format!(
                "what is asked for makes an address of {bytes} bytes; it has {LONGEST_ADDRESS} at most"
            )));
        }
        let request = self.http.request(method, url);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        })
    }

    async fn json<A: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Answer<A>, Failure> {
        self.json_within(request, TIMEOUT).await
    }

    async fn json_within<A: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        time: Duration,
    ) -> Result<Answer<A>, Failure> {
        let response = self.answer(request.timeout(time)).await?;
        let body = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        Answer::new(body.to_vec()).ok_or_else(|| {
            anyhow::anyhow!("what answers at {} is not the API of an Anvil host: no JSON came", self.base())
                .into()
        })
    }

    /// The answer, or the problem that came in its place.
    async fn answer(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let told = response.headers().get(NOW).and_then(|now| now.to_str().ok()?.parse().ok());
        if told.is_some() {
            *self.now.lock().unwrap_or_else(PoisonError::into_inner) = told;
        }
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let body = response.text().await.unwrap_or_default();
        Err(Failure::Problem(Problem::read(status, &body)))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        // It is here that something went wrong.
        if let Some(unread) = Unread::behind(error) {
            return Failure::Usage(unread.to_string());
        }
        // The innermost cause is the one that says something: "connection refused".
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let reason = if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() };
        Failure::Unreachable { url: self.base(), reason }
    }
}
