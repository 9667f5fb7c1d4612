//! The liar itself: HTTP/1.1 on loopback, written byte by byte.

use crate::dice::Dice;
use crate::lies::{self, Answer, Question, Step, Whose};
use crate::told::{Told, floor_of_hold};
use anvil_types::DrivenClock;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What was asked and told about one question, over all its tries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub asked: String,
    pub most_output: u64,
    pub bytes: u64,
    /// What each try was told.
    pub told: Vec<Told>,
    /// The least that the ledger has to say of tries that are over: nano-dollars.
    pub least: u64,
    /// Of that, what a hold has room for: it counts from the moment in which it is told.
    pub covered: u64,
    /// Tries that were answered with trouble that is not the question's own.
    pub troubles: u32,
    /// Whose trouble the latest answer was, and its name.
    pub latest: Option<(Whose, String)>,
    /// Whether nothing that it was told is a lie.
    pub honest: bool,
    /// The text of the latest answer, where it is whole and true.
    pub text: Option<String>,
}

pub(crate) struct Liar {
    seed: u64,
    clock: Arc<DrivenClock>,
    pub accounts: Mutex<HashMap<u64, Account>>,
    /// What the ledger has to have at least, from now on.
    pub owed: AtomicU64,
    pub requests: AtomicU64,
    /// What went wrong that no liar may cause.
    pub wrongs: Mutex<Vec<String>>,
}

/// What of a body the test looks at.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    max_tokens: u64,
    #[serde(borrow)]
    system: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: &'a RawValue,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
}

impl Liar {
    pub(crate) fn new(seed: u64, clock: Arc<DrivenClock>) -> Arc<Self> {
        Arc::new(Self {
            seed,
            clock,
            accounts: Mutex::default(),
            owed: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            wrongs: Mutex::default(),
        })
    }

    pub(crate) async fn listen(self: Arc<Self>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(self.clone().serve(stream));
            }
        });
        format!("http://{address}")
    }

    fn wrong(&self, what: String) {
        self.wrongs.lock().expect("no panic").push(what);
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let mut kept = Vec::new();
        while let Some((head, body)) = request(&mut stream, &mut kept).await {
            self.requests.fetch_add(1, Ordering::SeqCst);
            if !head.starts_with("POST /v1/messages ") {
                self.wrong(format!("a redirect was followed: {}", head.lines().next().unwrap_or("")));
                return;
            }
            let Some((number, answer)) = self.answer(&body) else { return };
            if !self.give(&mut stream, number, answer).await {
                return;
            }
        }
    }

    fn answer(&self, body: &[u8]) -> Option<(u64, Answer)> {
        let text = std::str::from_utf8(body).ok();
        let Some((text, body)) =
            text.and_then(|text| Some((text, serde_json::from_str::<Body<'_>>(text).ok()?)))
        else {
            self.wrong("a body is no JSON".to_owned());
            return None;
        };
        let number = text.split_once("\"Q").and_then(|(_, rest)| rest.split_once('.')?.0.parse().ok());
        let Some(number) = number else {
            self.wrong(format!("a body without its question: {text:.200}"));
            return None;
        };
        let part = |part: Option<&RawValue>| part.map_or(0, |part| part.get().len() as u64);
        let most_input = tokens(body.messages.get()) + part(body.system) + part(body.tools);
        let mut accounts = self.accounts.lock().expect("no panic");
        let account =
            accounts.entry(number).or_insert_with(|| Account { honest: true, ..Account::default() });
        let nth = u32::try_from(account.told.len()).expect("few");
        let question = Question { model: &body.model, most_output: body.max_tokens, most_input };
        let answer = lies::answer(&mut Dice::new(self.seed, number << 8 | u64::from(nth)), question, nth);
        account.asked = body.model.into_owned();
        account.most_output = body.max_tokens;
        account.bytes = text.len() as u64;
        account.told.push(Told::default());
        account.honest &= answer.whose == Whose::Nobodys;
        account.troubles += u32::from(answer.whose == Whose::Upstreams);
        account.latest = Some((answer.whose, answer.name.clone()));
        account.text.clone_from(&answer.text);
        Some((number, answer))
    }

    // Whether the connection can be used again.
    async fn give(&self, stream: &mut TcpStream, number: u64, answer: Answer) -> bool {
        for step in answer.steps {
            match step {
                Step::Write(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return false;
                    }
                }
                Step::Drip(time) => drop(self.clock.advance(time)),
                Step::Told(told) => {
                    // Who has gone away is not told.
                    if gone(stream) {
                        return false;
                    }
                    self.told(number, told);
                }
                Step::Hang => {
                    let mut rest = [0; 64];
                    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
                    return false;
                }
            }
        }
        if !answer.keep {
            let _ = stream.shutdown().await;
        }
        answer.keep
    }

    fn told(&self, number: u64, told: Told) {
        let mut accounts = self.accounts.lock().expect("no panic");
        let account = accounts.get_mut(&number).expect("it was asked");
        let latest = account.told.last_mut().expect("it was asked");
        let before = latest.least(&account.asked);
        *latest = latest.and(told);
        let least = latest.least(&account.asked);
        account.least += least - before;
        let room = floor_of_hold(&account.asked, account.most_output, 0);
        let covered = least.min(room) - before.min(room);
        account.covered += covered;
        self.owed.fetch_add(covered, Ordering::SeqCst);
    }
}

// The tokens of the messages for a tokenizer that takes each byte of text for one, and of other JSON each byte
// that was sent.
fn tokens(messages: &str) -> u64 {
    let messages: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(messages).expect("messages are objects");
    let text = |text: &serde_json::Value| text.as_str().map_or(0, |text| text.len() as u64);
    let block = |block: &serde_json::Value| match block["type"].as_str() {
        Some("text") => text(&block["text"]),
        Some("tool_use") => block["input"].to_string().len() as u64,
        _ => text(&block["content"]),
    };
    messages.iter().filter_map(|message| message["content"].as_array()).flatten().map(block).sum()
}

fn gone(stream: &TcpStream) -> bool {
    let mut byte = [0; 1];
    match stream.try_read(&mut byte) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

// The head and the body of the next request.
async fn request(stream: &mut TcpStream, kept: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let head_end = loop {
        if let Some(end) = kept.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(kept).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&kept[..head_end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head_end + length.unwrap_or(0);
    while kept.len() < end {
        if stream.read_buf(kept).await.ok()? == 0 {
            return None;
        }
    }
    let body = kept[head_end..end].to_vec();
    kept.drain(..end);
    Some((head, body))
}
