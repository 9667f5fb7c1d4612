//! What it saves, by the simulator's own bill beside the same calls without it.

use crate::clocked::Same;
use crate::scene::{Setting, ask, claimed, limits, store};
use crate::transcripts::{KINDS, Transcript, Who, held_out};
use anvil_compress::about_tokens;
use anvil_gateway::{CallEnd, Gateway, GatewayConfig};
use anvil_sim::Sim;
use anvil_store::ReplyBounds;
use anvil_types::{
    CallRecord, Clock as _, Compression, CompressionReplay, ContentBlock, DrivenClock, Limits, Message,
    PerAgent, Role, SystemClock,
};
use std::sync::Arc;
use std::time::Duration;

const BOUNDS: ReplyBounds = ReplyBounds { ttl: Duration::from_hours(24), entries: 10_000, bytes: 1 << 30 };

/// A conversation, and what of it each call asks.
type Conversation = Vec<Message>;

fn text(text: &str) -> ContentBlock {
    ContentBlock::Text { text: text.to_owned() }
}

fn conversation(transcript: &Transcript) -> Conversation {
    let mut messages: Conversation = Vec::new();
    for (at, said) in transcript.said.iter().enumerate() {
        let (role, block) = match (said.who, messages.last_mut()) {
            (Who::Assistant, _) => (Role::Assistant, text(&said.text)),
            (Who::Result, Some(last)) if last.role == Role::Assistant => {
                let id = format!("tool-{at}");
                last.content.push(ContentBlock::ToolUse {
                    id: id.clone(),
                    name: "read".into(),
                    input: "{}".into(),
                });
                (
                    Role::User,
                    ContentBlock::ToolResult { tool_use_id: id, content: said.text.clone(), is_error: false },
                )
            }
            _ => (Role::User, text(&said.text)),
        };
        match messages.last_mut().filter(|last| last.role == role) {
            Some(last) => last.content.push(block),
            None => messages.push(Message { role, content: vec![block] }),
        }
    }
    messages
}

struct Billed {
    nano_dollars: i64,
    calls: Vec<CallRecord>,
    replayed: Vec<CompressionReplay>,
}

impl Billed {
    fn saved(&self) -> i64 {
        self.calls.iter().filter_map(|call| call.compressed).map(|told| told.saved.get()).sum()
    }
}

/// What else saves beside it.
#[derive(Clone, Copy)]
struct Beside {
    /// The host's marks for the prompt cache.
    marks: bool,
    /// Kept replies, which any call may be answered by.
    replies: bool,
}

const NOTHING: Beside = Beside { marks: false, replies: false };
const MARKS: Beside = Beside { marks: true, replies: false };

/// What the simulator charges for these conversations, asked call by call, one after another.
async fn bill(conversations: &[Conversation], compression: Compression, beside: Beside) -> Billed {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let limits = Limits { max_input_tokens: 500_000, ..limits(1_000_000_000_000) };
    let script = r#"{"items": [{"text": "It is done."}], "repeat": true}"#;
    let setting = Setting { limits, clock: clock.clone(), ..Setting::script(script) };
    let sim = Sim::start_with_clock(setting.sim.clone(), Arc::new(Same::as_it_is(clock.clone())))
        .await
        .expect("a simulator");
    let folder = tempfile::TempDir::new().expect("a folder");
    let store = store(folder.path(), &setting.limits, &setting.clock);
    let job = claimed(store.as_ref(), clock.as_ref()).await;
    let config = GatewayConfig {
        prompt_cache: beside.marks,
        reply_cache: beside.replies.then_some(BOUNDS),
        compression: PerAgent::same(compression),
        ..setting.config(sim.base_url())
    };
    let gateway = Gateway::start(config, store.clone(), clock.clone()).await.expect("a gateway");
    let mut position = 0;
    for conversation in conversations {
        clock.advance(Duration::from_mins(2));
        let asks = (0..conversation.len()).filter(|at| {
            conversation[*at].role == Role::User
                && conversation.get(at + 1).is_none_or(|next| next.role == Role::Assistant)
        });
        for at in asks {
            clock.advance(Duration::from_secs(20));
            let mut question = ask(&job, position, "");
            position += 1;
            question.request.system = Some("You help with the work of an office.".into());
            question.request.messages = conversation[..=at].to_vec();
            question.request.cacheable = beside.replies;
            let end = gateway.call(question).wait().await;
            assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
        }
    }
    let calls = store.calls(job.job.id).await.expect("calls");
    assert!(calls.iter().all(|call| call.cost <= call.hold), "no call costs more than its hold");
    let spent: i64 = calls.iter().map(|call| call.cost.get()).sum();
    let nano_dollars = sim.bill().nano_dollars;
    assert_eq!(spent, nano_dollars, "the ledger says what was charged");
    assert_eq!(store.verify_sums().await.expect("read"), Vec::<String>::new());
    let now = clock.now();
    let sums = store.compressed(anvil_types::UpstreamKind::Simulated, anvil_types::Timestamp::default(), now);
    let sums = sums.await.expect("a read works");
    let told: i64 = sums.iter().map(|sum| sum.compressed.saved.get()).sum();
    let billed = Billed { nano_dollars, calls, replayed: gateway.compression() };
    assert_eq!(told, billed.saved(), "the sums say what the entries say");
    billed
}

#[tokio::test]
async fn what_is_shown_as_saved_is_the_difference_to_the_nano_dollar() {
    let all: Vec<_> = held_out().iter().map(conversation).collect();
    let (plain, shorter) =
        tokio::join!(bill(&all, Compression::Off, NOTHING), bill(&all, Compression::On, NOTHING));
    assert_eq!(plain.saved(), 0);
    assert!(shorter.saved() > 0);
    assert_eq!(plain.nano_dollars - shorter.nano_dollars, shorter.saved());
}

#[tokio::test]
async fn beside_the_prompt_cache_and_kept_replies_all_together_are_the_difference_to_nothing_saved() {
    let mut all: Vec<_> = (0..12).map(|number| case(number, 9_000)).collect();
    // Asked again: kept replies answer, and a prompt that they answered was not sent, shorter or not.
    all.extend_from_within(..3);
    let beside = Beside { marks: true, replies: true };
    let (nothing, unsent, all) = tokio::join!(
        bill(&all, Compression::Off, NOTHING),
        bill(&all, Compression::Off, beside),
        bill(&all, Compression::On, beside)
    );
    let hits = |billed: &Billed| billed.calls.iter().filter(|call| call.reply_of.is_some()).count();
    assert!(hits(&unsent) > 0 && hits(&unsent) == hits(&all));
    for billed in [&unsent, &all] {
        assert!(billed.calls.iter().any(|call| call.usage.cache_read_tokens > 0), "the prompt cache is read");
        let told: i64 = billed.calls.iter().map(|call| (call.saved + call.reply_saved).get()).sum();
        assert_eq!(nothing.nano_dollars - billed.nano_dollars, told + billed.saved());
    }
    assert!(all.calls.iter().all(|call| call.reply_of.is_none() || call.compressed.is_none()));
    assert!(all.saved() > 0 && all.nano_dollars < unsent.nano_dollars);
}

#[tokio::test]
async fn by_kind_of_text_dollars_fall_with_the_prompt_cache_beside_it_and_none_rise() {
    println!(
        "| kind | calls | as they are | `on` | `lossy` | nothing marked: as they are | `on` | `lossy` |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let (mut of_the_three, mut beside_marks) = ([[0; 2]; 2], Vec::new());
    let (mut all_saved, mut all_reckoned) = (0, 0);
    for kind in KINDS {
        let all: Vec<_> =
            held_out().iter().filter(|transcript| transcript.kind == kind).map(conversation).collect();
        let levels = [Compression::Off, Compression::On, Compression::Lossy];
        let mut cells = Vec::new();
        for (beside, of_the_three) in [MARKS, NOTHING].into_iter().zip(&mut of_the_three) {
            let [off, on, lossy] = levels.map(|level| bill(&all, level, beside));
            let (plain, shorter, lossy) = tokio::join!(off, on, lossy);
            if cells.is_empty() {
                cells.push(plain.calls.len().to_string());
            }
            cells.push(format!("${:.4}", dollars(plain.nano_dollars)));
            cells.extend([&shorter, &lossy].map(|other| fewer(plain.nano_dollars, other.nano_dollars)));
            for other in [&shorter, &lossy] {
                assert!(other.nano_dollars <= plain.nano_dollars, "{kind} costs more");
            }
            if beside.marks {
                let reckoned: i64 = shorter.replayed.iter().map(|replay| replay.saved.get()).sum();
                let saved = plain.nano_dollars - shorter.nano_dollars;
                (all_saved, all_reckoned) = (all_saved + saved, all_reckoned + reckoned);
                beside_marks.push(format!("{kind}: {saved}, reckoned {reckoned}"));
            }
            if ["json", "logs", "repeated"].contains(&kind) {
                of_the_three[0] += plain.nano_dollars;
                of_the_three[1] += shorter.nano_dollars;
            }
        }
        println!("| {kind} | {} |", cells.join(" | "));
    }
    let [marked, unmarked] = of_the_three.map(|[before, after]| fewer(before, after));
    println!(
        "JSON, logs and repeated context together: {marked} of the dollars; {unmarked} where nothing is marked"
    );
    println!("Nano-dollars saved with the host's marks: {}", beside_marks.join("; "));
    let off = (all_reckoned - all_saved).abs();
    assert!(off * 100 <= all_saved, "{all_reckoned} were reckoned of {all_saved}");
    let [_, [before, after]] = of_the_three;
    assert!(after * 10 <= before * 8, "{after} nano-dollars of {before}");
}

fn fewer(before: i64, after: i64) -> String {
    let thousandths = (before - after) * 1_000 / before;
    format!("−{}.{} %", thousandths / 10, thousandths % 10)
}

#[expect(clippy::cast_precision_loss, reason = "some dollars")]
fn dollars(nano: i64) -> f64 {
    nano as f64 / 1e9
}

/// A case of so many tokens, which is a quarter shorter where its data is minified, and five questions about it with some
/// more of it. Of 4,040 tokens each is a prompt that its model keeps as it is, and does not keep when it is shortened.
fn case(number: usize, tokens: u64) -> Conversation {
    let mut rows: Vec<String> = Vec::new();
    let first = |rows: &[String]| format!("Case {number}.\n\n[\n{}\n]", rows.join(",\n"));
    while about_tokens(&first(&rows)) < tokens {
        rows.push(format!("  {{\n    \"row\": {},\n    \"case\": {number}\n  }}", rows.len()));
    }
    let mut messages = vec![Message { role: Role::User, content: vec![text(&first(&rows))] }];
    for question in 0..5 {
        messages.push(Message { role: Role::Assistant, content: vec![text("It is done.")] });
        let data = format!("{{\n  \"question\": {question},\n  \"case\": {number}\n}}");
        let more = format!("And {question}? {}\n\n{data}", "Say some more of it. ".repeat(20));
        messages.push(Message { role: Role::User, content: vec![text(&more)] });
    }
    messages
}

#[tokio::test]
async fn where_it_costs_more_than_it_saves_it_is_off_by_itself() {
    let cases: Vec<_> = (0..60).map(|number| case(number, 4_040)).collect();
    let (plain, shorter) =
        tokio::join!(bill(&cases, Compression::Off, MARKS), bill(&cases, Compression::On, MARKS));
    let told = &shorter.replayed[..];
    println!("{} nano-dollars as they are, {} with it; {told:?}", plain.nano_dollars, shorter.nano_dollars);
    assert!(shorter.nano_dollars > plain.nano_dollars, "it costs more until that is known");
    assert_eq!((told.len(), told[0].calls, told[0].off), (1, 200, true));
    assert!(told[0].saved.get() < 0);
    let compressed: Vec<_> = shorter.calls.iter().map(|call| call.compressed.is_some()).collect();
    assert!(compressed[..200].contains(&true), "{compressed:?}");
    // The conversation that was under way goes on as it began.
    assert!(!compressed[210..].contains(&true));
    let after = |billed: &Billed| billed.calls[210..].iter().map(|call| call.cost.get()).sum::<i64>();
    assert_eq!(after(&shorter), after(&plain));
    assert_eq!(plain.replayed, []);
}
