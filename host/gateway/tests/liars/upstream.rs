//! The liar itself: HTTP/1.1 on loopback, written byte by byte.

use crate::account::{Account, Try};
use crate::answer::{Answer, Question, Step};
use crate::dice::Dice;
use crate::guest::Asking;
use crate::request;
use crate::tokenizer::Body;
use crate::told::Told;
use anvil_types::{Clock as _, DrivenClock};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

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

/// Which try of which question.
#[derive(Clone, Copy)]
struct Place {
    question: u64,
    nth: usize,
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

    /// Answers its address.
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

    pub(crate) fn account(&self, question: u64) -> Account {
        self.accounts.lock().expect("no panic").get(&question).cloned().unwrap_or_default()
    }

    fn wrong(&self, what: String) {
        self.wrongs.lock().expect("no panic").push(what);
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let mut kept = Vec::new();
        while let Some((head, body)) = request::next(&mut stream, &mut kept).await {
            self.requests.fetch_add(1, Ordering::SeqCst);
            if !head.starts_with("POST /v1/messages HTTP/1.1\r\n") {
                self.wrong(format!("a redirect was followed: {}", head.lines().next().unwrap_or("")));
                return;
            }
            if !head.to_ascii_lowercase().contains("\r\naccept-encoding: identity\r\n") {
                self.wrong(format!("an encoding was invited: {head}"));
                return;
            }
            let Some((place, answer)) = self.answer(&body) else { return };
            if !self.give(&mut stream, place, answer).await {
                return;
            }
        }
    }

    fn answer(&self, body: &[u8]) -> Option<(Place, Answer)> {
        let text = std::str::from_utf8(body).ok();
        let read = text.and_then(|text| Some((text, serde_json::from_str::<Body<'_>>(text).ok()?)));
        let Some((text, body)) = read else {
            self.wrong(format!("a body is no JSON: {:.200}", String::from_utf8_lossy(body)));
            return None;
        };
        let number = text.split_once("\"Q").and_then(|(_, rest)| rest.split_once('.')?.0.parse().ok());
        let Some(question) = number else {
            self.wrong(format!("a body without its question: {text:.200}"));
            return None;
        };
        let bytes = text.len() as u64;
        let asked = Question {
            model: &body.model,
            most_output: body.max_tokens,
            most_input: body.most_tokens(bytes),
        };
        let mut accounts = self.accounts.lock().expect("no panic");
        let tries = &mut accounts.entry(question).or_default().tries;
        let nth = tries.len();
        let few = u32::try_from(nth).expect("few");
        let answer = Answer::to(&mut Dice::new(self.seed, question << 8 | u64::from(few)), asked, few);
        let tried = Try::new(self.clock.now(), body.model.to_string(), body.max_tokens, bytes, &answer);
        tries.push(tried);
        Some((Place { question, nth }, answer))
    }

    // Whether the connection can be used again.
    async fn give(&self, stream: &mut TcpStream, place: Place, answer: Answer) -> bool {
        for step in answer.steps {
            match step {
                Step::Write(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return false;
                    }
                }
                Step::Drip(time) => drop(self.clock.advance(time)),
                Step::Pause(time) => tokio::time::sleep(time).await,
                Step::Told(told) => {
                    // Who has gone away is not told.
                    if request::asker_is_gone(stream) {
                        return false;
                    }
                    self.told(place, told);
                }
                Step::Hang => {
                    let mut rest = [0; 64];
                    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
                    return false;
                }
            }
        }
        self.with(place, |tried| tried.given = true);
        if !answer.keep {
            let _ = stream.shutdown().await;
        }
        answer.keep
    }

    fn with<T>(&self, place: Place, change: impl FnOnce(&mut Try) -> T) -> T {
        let mut accounts = self.accounts.lock().expect("no panic");
        let account = accounts.get_mut(&place.question).expect("it was asked");
        change(&mut account.tries[place.nth])
    }

    fn told(&self, place: Place, told: Told) {
        let panics = Asking::panics(self.seed, place.question);
        let more = self.with(place, |tried| {
            let before = tried.covered();
            // Who dies of the first text need not know what comes after it.
            let died = panics && tried.told.text;
            tried.told = tried.told.and(if died { told.perhaps() } else { told });
            tried.covered() - before
        });
        self.owed.fetch_add(more, Ordering::SeqCst);
    }
}
