//! The same question gets the reply that one before it paid for; another one, or another's, never does.

#[path = "reply_cache/at_once.rs"]
mod at_once;
#[path = "reply_cache/damaged.rs"]
mod damaged;
#[path = "reply_cache/dollars.rs"]
mod dollars;
#[path = "reply_cache/kept.rs"]
mod kept;
mod scene;
#[path = "reply_cache/told_apart.rs"]
mod told_apart;
#[path = "wire/upstream.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod upstream;

use anvil_gateway::{Ask, CallEnd, Gateway};
use anvil_store::ReplyBounds;
use anvil_types::{Asker, CallRecord, ContentBlock, JobAsker, Origin, Reply};
use scene::{Scene, Setting, ask};
use std::sync::Arc;
use std::time::Duration;

const BOUNDS: ReplyBounds = ReplyBounds { ttl: Duration::from_hours(24), entries: 1_000, bytes: 1_000_000 };
/// Answers that differ, in their order: who is answered by which is told by it.
const COUNTED: &str = r#"["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]"#;

fn setting(script: &str) -> Setting {
    Setting { reply_cache: Some(BOUNDS), ..Setting::script(script) }
}

async fn scene(script: &str) -> Scene {
    setting(script).scene().await
}

/// A question that a kept reply may answer.
fn question(scene: &Scene, position: u32, text: &str) -> Ask {
    let mut ask = ask(&scene.job, position, text);
    ask.request.cacheable = true;
    ask
}

/// The same of another agent, where these share replies.
fn of_agent(mut ask: Ask, agent: &str, sharers: &[&str]) -> Ask {
    let Asker::Job(asker) = &ask.asker else { unreachable!("a job asks") };
    ask.asker = Asker::Job(JobAsker { agent: agent.to_owned(), ..asker.clone() });
    let all = || Arc::new(sharers.iter().map(|name| (*name).to_owned()).collect());
    ask.terms.sharers = sharers.contains(&agent).then(all);
    ask
}

fn said(reply: &Reply) -> (&str, Origin) {
    match reply.content.as_slice() {
        [ContentBlock::Text { text }] => (text, reply.origin),
        other => panic!("{other:?}"),
    }
}

fn replied(end: CallEnd) -> Reply {
    match end {
        CallEnd::Answered { answer: Ok(reply), .. } => reply,
        other => panic!("{other:?}"),
    }
}

async fn asked(gateway: &Gateway, ask: Ask) -> Reply {
    replied(gateway.call(ask).wait().await)
}

impl Scene {
    fn sent(&self) -> usize {
        self.sim.log(0, 1_000).len()
    }

    async fn calls(&self) -> Vec<CallRecord> {
        self.store.calls(self.job.job.id).await.expect("calls")
    }

    /// A host on the same data after this one has ended, or beside it for whom that is all the same.
    async fn another(&self, base_url: String) -> Gateway {
        let config = self.setting.config(base_url);
        Gateway::start(config, self.store.clone(), self.setting.clock.clone()).await.expect("a gateway")
    }
}

#[tokio::test]
async fn the_same_question_is_answered_at_no_cost_and_goes_out_to_nobody() {
    let scene = scene(COUNTED).await;
    let paid = asked(&scene.gateway, question(&scene, 0, "Say something.")).await;
    assert_eq!(said(&paid), ("one", Origin::Live));
    let streamed = Arc::new(std::sync::Mutex::new(String::new()));
    let mut again = question(&scene, 1, "Say something.");
    let sink = streamed.clone();
    again.text = Some(Arc::new(move |text: &str| sink.lock().expect("nobody panics").push_str(text)));
    let hit = asked(&scene.gateway, again).await;
    assert_eq!(said(&hit), ("one", Origin::Cache));
    assert_eq!(
        (hit.cost.get(), &hit.usage, &hit.model, &hit.stop_reason),
        (0, &paid.usage, &paid.model, &paid.stop_reason)
    );
    assert_eq!(*streamed.lock().expect("nobody panics"), "one", "whoever looks on sees it too");
    let extra =
        |name: &str| hit.extras.iter().find(|(other, _)| other == name).map(|(_, json)| json.as_str());
    assert_eq!((extra("tier_asked"), extra("tier_given")), (Some("\"sonnet\""), Some("\"sonnet\"")));
    let calls = scene.calls().await;
    let [first, second] = &calls[..] else { panic!("two calls: {calls:?}") };
    let kept_at: anvil_types::Timestamp =
        serde_json::from_str(extra("cached_at").expect("when")).expect("a time");
    assert_eq!(Some(kept_at), first.settled_at);
    assert_eq!((second.reply_of, second.reply_saved, second.cost.get()), (Some(first.id), first.cost, 0));
    assert_eq!((scene.sent(), scene.billed()), (1, first.cost));
    assert_eq!(scene.gateway.report().requests_last_minute, 1, "a hit takes no pace");
    let journal = scene.store.journal_of(scene.job.job.id).await.expect("a read works");
    let answers: Vec<Result<Reply, anvil_types::CallError>> =
        journal.iter().map(|entry| serde_json::from_str(entry.answer.as_str()).expect("an answer")).collect();
    assert_eq!(answers, [Ok(paid), Ok(hit)]);
    assert_eq!(scene.store.verify_sums().await.expect("a read works"), Vec::<String>::new());
    // Another life of the host has sent one request as well.
    let next = scene.another(scene.sim.base_url()).await;
    assert_eq!(next.report().requests_last_minute, 1);
    assert_eq!(said(&asked(&next, question(&scene, 2, "Say something.")).await), ("one", Origin::Cache));
}

#[tokio::test]
async fn who_does_not_allow_it_is_asked_for_anew_and_answers_nobody() {
    let scene = scene(COUNTED).await;
    let plain = |position| ask(&scene.job, position, "Say something.");
    assert_eq!(said(&asked(&scene.gateway, plain(0)).await), ("one", Origin::Live));
    assert_eq!(
        said(&asked(&scene.gateway, question(&scene, 1, "Say something.")).await),
        ("two", Origin::Live)
    );
    assert_eq!(said(&asked(&scene.gateway, plain(2)).await), ("three", Origin::Live));
    assert_eq!(
        said(&asked(&scene.gateway, question(&scene, 3, "Say something.")).await),
        ("two", Origin::Cache)
    );
    for _ in 0..2 {
        assert_eq!(replied(scene.gateway.probe("ann").wait().await).origin, Origin::Live);
    }
    // Where it is switched off nothing is kept and nothing answers, whatever was kept before.
    let mut config = scene.setting.config(scene.sim.base_url());
    config.reply_cache = None;
    let off =
        Gateway::start(config, scene.store.clone(), scene.setting.clock.clone()).await.expect("a gateway");
    assert_eq!(said(&asked(&off, question(&scene, 4, "Say something.")).await), ("six", Origin::Live));
}

#[tokio::test]
async fn who_has_lost_the_lease_is_told_so_and_nothing_is_written() {
    let scene = scene(COUNTED).await;
    asked(&scene.gateway, question(&scene, 0, "Say something.")).await;
    scene.store.cancel(scene.job.job.id, "ann").await.expect("it runs");
    let late = scene.gateway.call(question(&scene, 1, "Say something.")).wait().await;
    assert!(matches!(late, CallEnd::LeaseLost), "{late:?}");
    assert_eq!(scene.calls().await.len(), 1);
}

#[tokio::test]
async fn while_nothing_may_go_out_what_is_kept_still_answers() {
    // Room for one call and no second one.
    let probe = scene(COUNTED).await;
    asked(&probe.gateway, question(&probe, 0, "Say something.")).await;
    let room = probe.calls().await[0].hold.get() + 1;
    let scene = Setting { limits: scene::limits(room), ..setting(COUNTED) }.scene().await;
    asked(&scene.gateway, question(&scene, 0, "Say something.")).await;
    let new = scene.gateway.call(question(&scene, 1, "Say something else.")).wait().await;
    assert!(!matches!(new, CallEnd::Answered { answer: Ok(_), .. }), "the day is full: {new:?}");
    assert_eq!(asked(&scene.gateway, question(&scene, 2, "Say something.")).await.origin, Origin::Cache);
    let cause = anvil_budget::BrakeCause {
        kind: anvil_types::BrakeCauseKind::Person,
        reason: "lunch".into(),
        since: scene.setting.clock.now(),
        until: None,
        by: Some("ann".into()),
    };
    scene.store.engage_brake(cause).await.expect("engaged");
    assert_eq!(asked(&scene.gateway, question(&scene, 3, "Say something.")).await.origin, Origin::Cache);
    let braked = scene.gateway.call(question(&scene, 4, "Say something else.")).wait().await;
    assert!(matches!(braked, CallEnd::Park(_)), "{braked:?}");
    assert_eq!(scene.sent(), 1);
}
