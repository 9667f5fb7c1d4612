//! An upstream that answers with the bytes that a test gives it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Answers one request after the other, each with the next of its answers; the last one again and again.
pub(crate) struct Upstream {
    pub(crate) url: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

/// What is done after an answer's bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The next request may come on the same connection.
    Keep,
    /// The connection is closed.
    Close,
    /// Nothing: the other side waits.
    Hang,
}

impl Upstream {
    pub(crate) async fn start(answers: Vec<(Vec<u8>, Then)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Seen::default());
        let (answers, counts) = (Arc::new(answers), seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counts.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, answers.clone(), counts.clone()));
            }
        });
        Self { url, seen }
    }

    /// The requests so far: head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().expect("no panic").clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::Relaxed)
    }
}

async fn serve(mut stream: TcpStream, answers: Arc<Vec<(Vec<u8>, Then)>>, seen: Arc<Seen>) {
    while let Some(request) = Box::pin(request(&mut stream)).await {
        let number = {
            let mut requests = seen.requests.lock().expect("no panic");
            requests.push(request);
            requests.len() - 1
        };
        let (bytes, then) = &answers[number.min(answers.len() - 1)];
        if stream.write_all(bytes).await.is_err() {
            return;
        }
        match then {
            Then::Keep => {}
            Then::Close => return,
            Then::Hang => std::future::pending().await,
        }
    }
}

async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
        let mut more = vec![0; 65_536];
        match stream.read(&mut more).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&more[..read]),
            _ => return None,
        }
    }
}

/// An answer with a length.
pub(crate) fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An event stream in one chunk.
pub(crate) fn stream(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n",
        body.len()
    );
    [head.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

/// The events of an answer.
pub(crate) fn events(model: &str, first: &str, text: &str, last: &str) -> String {
    let start =
        format!(r#"{{"type":"message_start","message":{{"model":"{model}","content":[],"usage":{first}}}}}"#);
    let delta = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":{text}}}}}"#
    );
    let end = format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{last}}}"#);
    let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let stop = r#"{"type":"content_block_stop","index":0}"#;
    [start.as_str(), block, &delta, stop, &end, r#"{"type":"message_stop"}"#]
        .iter()
        .map(|data| {
            let kind = data[9..].split('"').next().expect("a type");
            format!("event: {kind}\ndata: {data}\n\n")
        })
        .collect::<Vec<_>>()
        .concat()
}
