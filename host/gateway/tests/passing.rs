//! The face for clients from outside: raw bytes in, raw bytes out, and the same rules for the money.

mod scene;

use anvil_gateway::{AnswerPiece, ClientAsk, Gateway, PassEnd};
use anvil_sim::{Script, Sim};
use anvil_store::Store;
use anvil_types::{
    CallErrorKind, CallRecord, CallState, ClientAsker, EventKind, Nanodollars, Priority, UpstreamKind,
};
use bytes::Bytes;
use scene::{Setting, limits, store};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const STREAM: &[u8] = b"event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-haiku-5-5\",\
    \"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}\r\n\r\n: a comment \xff\xfe\n\n\
    data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
    data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\xc3\xb6\"}}\n\n\
    data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\n\
    data: {\"type\":\"message_stop\"}\n\ndata: {\"type\":\"later\"}\n\n   ";
const WHOLE: &[u8] = b" {\"type\": \"message\", \"model\": \"claude-haiku-5-5\", \"content\": [{\"type\":\"text\",\"text\":\"Hi\"}],\n\
    \"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":12,\"output_tokens\":7},\"new\":[1.50]}\n";
const ERROR: &[u8] =
    b"{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"no\"} }";

fn body(stream: bool) -> Bytes {
    let body = format!(
        "{{ \"model\":\"claude-haiku-5-5\", \"max_tokens\":64,\"stream\": {stream},\n \"messages\":[{{\"role\":\"user\",\
         \"content\":\"Say something.\"}}]}}"
    );
    Bytes::from(body)
}

fn ask(body: Bytes, setting: &Setting) -> ClientAsk {
    ClientAsk {
        client: ClientAsker { api_key: "key-1".into(), session: Some("s-1".into()) },
        tags: vec!["outside".into()],
        priority: Priority::Normal,
        since: setting.clock.now(),
        body,
    }
}

/// What came through: the status, the bytes, and the end.
async fn passed(gateway: &Gateway, ask: ClientAsk) -> (Option<u16>, Vec<u8>, PassEnd) {
    let mut passing = gateway.pass(ask);
    let (mut status, mut bytes) = (None, Vec::new());
    while let Some(piece) = passing.next().await {
        match piece {
            AnswerPiece::Head { status: told, .. } => status = Some(told),
            AnswerPiece::Bytes(more) => bytes.extend_from_slice(&more),
        }
    }
    (status, bytes, passing.end().await)
}

/// The body that was sent, and what was held then.
type Seen = (Vec<u8>, Nanodollars);

/// An upstream that answers every request with the same bytes, and notes what it was asked and what was held then.
struct Fixed {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fixed {
    async fn start(
        status: &'static str,
        head: &'static str,
        bytes: &'static [u8],
        store: &Arc<dyn Store>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (noted, store) = (seen.clone(), store.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let asked = request(&mut stream).await;
                let spend = store.spend(UpstreamKind::Simulated).await.expect("the spend");
                noted.lock().expect("no panic").push((asked, spend.total.held));
                let head = format!("HTTP/1.1 {status}\r\n{head}connection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).await.expect("written");
                for part in bytes.chunks(41) {
                    stream.write_all(part).await.expect("written");
                    stream.flush().await.expect("written");
                }
                let _ = stream.shutdown().await;
            }
        });
        Self { url, seen }
    }
}

async fn request(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let read = stream.read(&mut more).await.expect("a request");
        bytes.extend_from_slice(&more[..read]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        let length: usize = length.trim().parse().expect("a number");
        if bytes.len() >= end + 4 + length {
            return bytes[end + 4..].to_vec();
        }
    }
}

struct Outside {
    setting: Setting,
    store: Arc<dyn Store>,
    _folder: TempDir,
}

fn outside(day: i64) -> Outside {
    let setting = Setting { limits: limits(day), ..Setting::script("[]") };
    let folder = TempDir::new().expect("a folder");
    let store = store(folder.path(), &setting.limits, &setting.clock);
    Outside { setting, store, _folder: folder }
}

impl Outside {
    async fn gateway(&self, url: String) -> Gateway {
        let config = self.setting.config(url);
        Gateway::start(config, self.store.clone(), self.setting.clock.clone()).await.expect("a gateway")
    }

    async fn last(&self) -> CallRecord {
        let page = self.store.ledger(UpstreamKind::Simulated, None, 1).await.expect("the ledger");
        page.first().expect("a call").clone()
    }

    async fn held(&self) -> Nanodollars {
        self.store.spend(UpstreamKind::Simulated).await.expect("the spend").total.held
    }
}

const PLENTY: i64 = 1_000_000_000_000;

#[tokio::test]
async fn what_a_client_gets_is_byte_for_byte_what_upstream_sent_and_its_cost_is_settled() {
    let odd = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0x00, 0xfe][..];
    let cut = &STREAM[..300];
    let events = "content-type: text/event-stream\r\n";
    let json = "content-type: application/json\r\n";
    for (status, head, bytes, state) in [
        ("200 OK", events, STREAM, CallState::Settled),
        ("200 OK", json, WHOLE, CallState::Settled),
        ("200 OK", "content-type: application/json\r\ncontent-encoding: odd\r\n", odd, CallState::Unknown),
        ("200 OK", "content-type: text/html\r\n", b"<h1>Hello\xff</h1>", CallState::Unknown),
        ("200 OK", events, cut, CallState::Unknown),
        ("400 Bad Request", json, ERROR, CallState::Released),
        ("529 ", json, b"{}", CallState::Released),
        ("502 Bad Gateway", "", b"", CallState::Unknown),
    ] {
        let outside = outside(PLENTY);
        let upstream = Fixed::start(status, head, bytes, &outside.store).await;
        let gateway = outside.gateway(upstream.url.clone()).await;
        let sent = body(bytes == STREAM);
        let (came, got, end) = passed(&gateway, ask(sent.clone(), &outside.setting)).await;
        assert_eq!(came.map(|status| status.to_string()).as_deref(), Some(&status[..3]));
        assert_eq!(got, bytes, "{status} {head}");
        let call = outside.last().await;
        assert_eq!(call.state, state, "{status} {head}: {end:?}");
        assert_eq!(outside.held().await, Nanodollars::ZERO);
        assert_eq!(
            (call.job, call.api_key.as_deref(), call.session.as_deref()),
            (None, Some("key-1"), Some("s-1"))
        );
        let cost = match end {
            PassEnd::Passed(cost) | PassEnd::Broke(_, cost) => cost,
            end => panic!("{end:?}"),
        };
        assert_eq!(call.cost, cost);
        assert_eq!(
            state == CallState::Settled,
            (call.usage.input_tokens, call.usage.output_tokens) == (12, 7)
        );
        // What was sent is what was given, and its most was held before it left.
        let seen = upstream.seen.lock().expect("no panic").clone();
        let [(asked, held)] = &seen[..] else { panic!("{} requests", seen.len()) };
        assert_eq!((asked.as_slice(), *held), (sent.as_ref(), call.hold));
        assert!(call.hold > Nanodollars::ZERO && cost <= call.hold);
    }
}

#[tokio::test]
async fn the_simulators_bytes_come_through_as_a_client_of_its_own_gets_them_and_the_bill_is_the_same() {
    for stream in [true, false] {
        let outside = outside(PLENTY);
        let config = || {
            let script = Script::from_json(r#"[{"text": "Some words, and some more."}]"#).expect("a script");
            anvil_sim::SimConfig { script, ..anvil_sim::SimConfig::default() }
        };
        let (direct, sim) =
            (Sim::start(config()).await.expect("one"), Sim::start(config()).await.expect("two"));
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = http
            .post(format!("{}/v1/messages", direct.base_url()))
            .header("content-type", "application/json")
            .header("anthropic-version", "2023-06-01")
            .header("x-api-key", "simulated")
            .body(body(stream));
        let expected = request.send().await.expect("an answer").bytes().await.expect("its bytes");
        let gateway = outside.gateway(sim.base_url()).await;
        let (status, got, end) = passed(&gateway, ask(body(stream), &outside.setting)).await;
        assert_eq!(status, Some(200));
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&expected), "{stream}");
        let PassEnd::Passed(cost) = end else { panic!("{end:?}") };
        let bill = serde_json::to_value(sim.bill()).expect("a bill");
        assert_eq!(Some(cost.get()), bill["nano_dollars"].as_i64());
        assert_eq!(outside.last().await.cost, cost);
    }
}

#[tokio::test]
async fn a_client_who_leaves_drops_no_hold_and_its_call_is_settled_by_what_it_used() {
    let outside = outside(PLENTY);
    let items = r#"[{"text": "Some words.", "latency": {"first_byte_ms": 100}}]"#;
    let script = Script::from_json(items).expect("a script");
    let sim = Sim::start(anvil_sim::SimConfig { script, ..Default::default() }).await.expect("a simulator");
    let gateway = outside.gateway(sim.base_url()).await;
    let mut events = outside.store.subscribe();
    let mut until = async |is: fn(&EventKind) -> bool| {
        let told = async { while !is(&events.recv().await.expect("an event").kind) {} };
        tokio::time::timeout(Duration::from_secs(30), told).await.expect("it is told");
    };
    let passing = gateway.pass(ask(body(true), &outside.setting));
    until(|kind| matches!(kind, EventKind::Held { .. })).await;
    drop(passing);
    until(|kind| matches!(kind, EventKind::Settled { .. })).await;
    assert_eq!(outside.held().await, Nanodollars::ZERO);
    assert_eq!(outside.last().await.state, CallState::Settled);
}

#[tokio::test]
async fn limits_and_what_nothing_bounds_keep_a_client_back_before_anything_is_sent() {
    let outside = outside(1_000);
    let upstream = Fixed::start("200 OK", "", WHOLE, &outside.store).await;
    let gateway = outside.gateway(upstream.url.clone()).await;
    let (_, got, end) = passed(&gateway, ask(body(false), &outside.setting)).await;
    let PassEnd::Refused(error) = end else { panic!("{end:?}") };
    assert_eq!((got.len(), error.kind, error.request_sent), (0, CallErrorKind::OverBudget, false));
    for (body, kind) in [
        (
            &b"{\"model\":\"claude-haiku-5-5\",\"max_tokens\":64,\"mcp_servers\":[]}"[..],
            CallErrorKind::UnboundedContent,
        ),
        (b"{\"model\":\"nobody-knows\",\"max_tokens\":64}", CallErrorKind::InvalidRequest),
        (b"{\"model\":\"claude-haiku-5-5\",\"max_tokens\":64000}", CallErrorKind::TooLarge),
        (b"no JSON", CallErrorKind::InvalidRequest),
    ] {
        let (_, _, end) = passed(&gateway, ask(Bytes::from_static(body), &outside.setting)).await;
        let PassEnd::Refused(error) = end else { panic!("{end:?}") };
        assert_eq!((error.kind, error.request_sent), (kind, false), "{}", error.message);
    }
    assert!(upstream.seen.lock().expect("no panic").is_empty(), "nothing was sent");
}

#[tokio::test]
async fn an_account_that_is_refused_engages_the_brake_for_clients_too() {
    let outside = outside(PLENTY);
    let said = b"{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"invalid x-api-key\"}}";
    let head = "content-type: application/json\r\n";
    let upstream = Fixed::start("401 Unauthorized", head, said, &outside.store).await;
    let gateway = outside.gateway(upstream.url.clone()).await;
    let (status, got, end) = passed(&gateway, ask(body(false), &outside.setting)).await;
    assert_eq!((status, got.as_slice()), (Some(401), &said[..]));
    assert!(matches!(end, PassEnd::Broke(_, Nanodollars::ZERO)), "{end:?}");
    assert!(outside.store.brake().await.expect("the brake").engaged());
    let (status, _, end) = passed(&gateway, ask(body(false), &outside.setting)).await;
    assert!(status.is_none() && matches!(end, PassEnd::Wait(_)), "{end:?}");
    assert_eq!(upstream.seen.lock().expect("no panic").len(), 1);
}
