//! A night's queue against each kind of outage: what is not the jobs' fault fails none of them.

use crate::harness::{Host, Setup, nanos, until};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const PATIENCE: Duration = Duration::from_secs(90);
/// The night's queue.
const JOBS: usize = 200;
/// The outage lasts so long, in steps of the host's clock.
const STEP: Duration = Duration::from_secs(20);
const STEPS: usize = 30;
/// So many requests may go out in it, after those that were under way.
const MOST: usize = 20;

/// So many agents are at work at once.
const AGENTS: u32 = 8;
/// All that the preset lets be at work at once.
const ALL_AGENTS: u32 = 64;

/// Who ends an outage.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// It does: one call tries now and then.
    ByItself,
    /// A person: the account is mended and the brake released.
    ByPerson,
}

/// An upstream that gives every request the same bytes, or an ordinary answer.
struct Spoilt {
    url: String,
    answer: Arc<Mutex<Option<String>>>,
    requests: Arc<AtomicUsize>,
}

impl Spoilt {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (answer, requests) = (Arc::new(Mutex::new(None)), Arc::new(AtomicUsize::new(0)));
        let spoilt = Self { url, answer: answer.clone(), requests: requests.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, requests) = (answer.clone(), requests.clone());
                tokio::spawn(async move {
                    // Whoever hangs up has nothing more to hear.
                    let _ = serve(stream, &answer, &requests).await;
                });
            }
        });
        spoilt
    }

    fn gives(&self, answer: Option<&str>) {
        *self.answer.lock().expect("a lock") = answer.map(str::to_owned);
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: &Mutex<Option<String>>,
    requests: &AtomicUsize,
) -> std::io::Result<()> {
    let mut read = Vec::new();
    let whole = |read: &[u8]| {
        let head = read.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
        let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        (read.len() >= head + length.unwrap_or(0)).then_some(())
    };
    while whole(&read).is_none() {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
    requests.fetch_add(1, Ordering::Relaxed);
    let spoilt = answer.lock().expect("a lock").clone();
    stream.write_all(spoilt.unwrap_or_else(|| events(&ordinary())).as_bytes()).await?;
    stream.shutdown().await
}

fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().expect("a type"))
}

fn start() -> String {
    event(&json!({"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-5-5", "content": [],
        "usage": {"input_tokens": 10, "output_tokens": 1},
    }}))
}

fn ordinary() -> String {
    let text = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Done."}});
    let end =
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}});
    let blocks = event(&text) + &event(&json!({"type": "content_block_stop", "index": 0}));
    start() + &blocks + &event(&end) + &event(&json!({"type": "message_stop"}))
}

/// A 200 with these events, over where the connection is.
fn events(events: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{events}")
}

fn error(status: u16, kind: &str, message: &str, more: &str) -> String {
    let body = json!({"type": "error", "error": {"type": kind, "message": message}}).to_string();
    whole(status, "application/json", &body, more)
}

fn whole(status: u16, media: &str, body: &str, more: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {media}\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n{body}",
        body.len()
    )
}

async fn bulk(host: &Host) {
    let lines = (0..JOBS).map(|number| {
        let payload = json!({"prompt": format!("Task {number}"), "max_output_tokens": 100});
        format!("{}\n", json!({"agent": "asker", "action": "ask", "payload": payload}))
    });
    let file = host.folder().join("night.jsonl");
    std::fs::write(&file, lines.collect::<String>()).expect("a file is written");
    let said = host.anvil(&["submit", "--bulk", &file.display().to_string()]).await;
    assert!(said.status.success(), "{said:?}");
}

/// Waits until no job runs, or all that do wait for the pace, and nothing changed that for a moment.
async fn calm(host: &Host, upstream: &Spoilt) {
    let mut before = (usize::MAX, 0);
    until("the host is calm", PATIENCE, async || {
        let status = host.rest().status().await;
        let number = |value: &Value| value.as_u64().expect("a number");
        let (running, waiting) =
            (number(&status["queue"]["running"]), number(&status["pace"]["waiting_calls"]));
        let now = (upstream.requests(), running);
        let calm = running == waiting && now == before;
        before = now;
        tokio::time::sleep(Duration::from_millis(100)).await;
        calm.then_some(())
    })
    .await;
}

async fn firing(host: &Host) -> Vec<String> {
    let alerts = host.rest().all("/api/v1/alerts?state=firing").await;
    alerts.iter().map(|alert| alert["title"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn night(answer: String, ends: Ends, most: usize) {
    night_of(answer, ends, most, AGENTS).await;
}

async fn night_of(answer: String, ends: Ends, most: usize, agents: u32) {
    let upstream = Spoilt::start().await;
    upstream.gives(Some(&answer));
    let host = Setup::new()
        .agent("asker")
        .set("ANVIL_UPSTREAM_KIND", "simulated")
        .set("ANTHROPIC_BASE_URL", &upstream.url)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_AGENTS_MIN", agents)
        .set("ANVIL_LIMITS_AGENTS_MAX", agents)
        .start()
        .await;
    bulk(&host).await;
    until("the first are refused", PATIENCE, async || (upstream.requests() > 0).then_some(())).await;
    calm(&host, &upstream).await;
    let under_way = upstream.requests();
    for _ in 0..STEPS {
        host.rest().drive(STEP, 1.0).await;
        calm(&host, &upstream).await;
    }
    let tried = upstream.requests() - under_way;
    assert!(tried <= most, "{tried} requests in ten minutes, after {under_way}");
    let alerts = firing(&host).await;
    println!("{under_way} requests at first, {tried} in ten minutes; alerts: {alerts:?}");
    assert_eq!(alerts.len(), 1, "one alert for one outage: {alerts:?}");
    let failed = host.rest().all("/api/v1/jobs?state=failed").await;
    assert_eq!(failed.len(), 0, "{:#?}", failed.first());
    assert_eq!(nanos(&host.rest().status().await["spend"]["hour"]["held_usd"]), 0);

    upstream.gives(None);
    if ends == Ends::ByPerson {
        host.rest().put("/api/v1/brake", &json!({"engaged": false, "reason": "the account is mended"})).await;
    }
    // A minute at a time, as long as any of them waits.
    let mut minutes = 0;
    until("all of them succeed", PATIENCE, async || {
        let succeeded = host.rest().all("/api/v1/jobs?state=succeeded").await;
        if succeeded.len() < JOBS && minutes < 60 {
            minutes += 1;
            host.rest().drive(Duration::from_mins(1), 1.0).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        (succeeded.len() == JOBS).then_some(())
    })
    .await;
    for job in host.rest().all("/api/v1/jobs?state=succeeded").await {
        if job["attempts"] != 1 {
            let log = host
                .rest()
                .all(&format!("/api/v1/jobs/{}/log?limit=500", job["id"].as_str().unwrap_or_default()))
                .await;
            panic!("an attempt was used: {job:#}\n{log:#?}");
        }
    }
    until("the alert is resolved", PATIENCE, async || firing(&host).await.is_empty().then_some(())).await;
    assert_eq!(nanos(&host.rest().status().await["spend"]["hour"]["held_usd"]), 0);
}

#[tokio::test]
async fn sixty_four_at_once_before_a_key_that_is_refused() {
    let refused = error(401, "authentication_error", "invalid x-api-key", "");
    night_of(refused, Ends::ByPerson, MOST, ALL_AGENTS).await;
}

#[tokio::test]
async fn sixty_four_at_once_before_a_server_that_fails() {
    let fails = error(500, "api_error", "Internal server error", "");
    night_of(fails, Ends::ByItself, MOST, ALL_AGENTS).await;
}

#[tokio::test]
async fn sixty_four_at_once_before_answers_that_are_cut() {
    night_of(events(&start()), Ends::ByItself, MOST, ALL_AGENTS).await;
}

macro_rules! nights {
    ($($name:ident: $answer:expr, $ends:expr, $most:expr;)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                night($answer, $ends, $most).await;
            }
        )+
    };
}

nights! {
    a_key_that_is_refused: error(401, "authentication_error", "invalid x-api-key", ""), Ends::ByPerson, MOST;
    a_bill_that_is_not_paid: error(402, "billing_error", "payment is due", ""), Ends::ByPerson, MOST;
    a_key_without_permission:
        error(403, "permission_error", "Your API key does not have permission to use this", ""), Ends::ByPerson, MOST;
    credit_that_is_used_up:
        error(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", ""),
        Ends::ByPerson, MOST;
    upstreams_own_spend_cap:
        error(400, "invalid_request_error", "You have reached your specified API usage limits.", ""),
        Ends::ByPerson, MOST;
    a_pace_that_is_refused:
        error(429, "rate_limit_error", "slow down", "retry-after: 30\r\n"), Ends::ByItself, STEPS * 20 / 30 + 1;
    overload_by_status: error(529, "overloaded_error", "Overloaded", ""), Ends::ByItself, MOST;
    overload_within_a_200:
        events(&event(&json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}))),
        Ends::ByItself, MOST;
    overload_within_an_answer:
        events(&(start() + &event(&json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})))),
        Ends::ByItself, MOST;
    answers_that_are_cut: events(&start()), Ends::ByItself, MOST;
    a_server_that_fails: error(500, "api_error", "Internal server error", ""), Ends::ByItself, MOST;
    a_gateway_that_fails: whole(502, "text/html", "<html><h1>Bad gateway</h1></html>", ""), Ends::ByItself, MOST;
    a_page_in_place_of_an_answer:
        whole(200, "text/html", "<html><title>Sign in</title></html>", ""), Ends::ByItself, MOST;
    a_redirect: whole(302, "text/plain", "", "location: http://127.0.0.1:9/elsewhere\r\n"), Ends::ByItself, MOST;
    a_connection_that_breaks: String::new(), Ends::ByItself, MOST;
}
