use super::*;
use crate::agent::ask::Terms;
use crate::agent::call;
use crate::agent::plan::{CallWay, plan};
use crate::flight::tests::{door, store};
use anvil_store::testing::{claim_of, new_job};
use anvil_store::{Claimed, Store};
use anvil_types::{
    Asker, Clock, Effort, JobAsker, JobId, Message, Priority, Request, Role, SystemClock, UpstreamKind,
};
use std::sync::Arc;
use tokio::sync::oneshot;

async fn claimed(store: &dyn Store, clock: &dyn Clock) -> Claimed {
    let job = new_job(JobId::new(clock.now(), 3), "tester", "test");
    store.enqueue(job).await.expect("taken in");
    store.claim(claim_of("tester")).await.expect("a claim").pop().expect("the job")
}

fn ask(job: &Claimed, position: u32) -> Ask {
    let text = "Say something.".to_owned();
    Ask {
        asker: Asker::Job(JobAsker { lease: job.lease, agent: "tester".into(), attempt: 1, position }),
        terms: Terms {
            tags: Vec::new(),
            priority: Priority::Normal,
            since: job.job.created_at,
            effort: Effort::Simple,
            by_score: None,
            floor: None,
            max_input_tokens: None,
            max_output_tokens: None,
            task_budget: false,
            sharers: None,
            economy: false,
        },
        request: Request {
            system: None,
            messages: vec![Message { role: Role::User, content: vec![ContentBlock::Text { text }] }],
            tools: Vec::new(),
            effort: None,
            max_output_tokens: Some(1_000),
            stop_sequences: Vec::new(),
            cacheable: true,
            options: Vec::new(),
        },
        request_hash: [0; 32],
        text: None,
        fresh: false,
    }
}

async fn origin(door: &Arc<GatewayDoor>, ask: Ask) -> Origin {
    let (watcher, end) = oneshot::channel();
    tokio::spawn(call::run(door.clone(), ask, watcher));
    match end.await.expect("an end") {
        CallEnd::Answered { answer: Ok(reply), .. } => reply.origin,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_kept_reply_that_cannot_be_read_answers_nobody_and_makes_room_for_the_next() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let store = store(folder.path(), &clock);
    let sim = anvil_sim::Sim::start(anvil_sim::SimConfig::default()).await.expect("a simulator");
    let door = door(sim.base_url(), store.clone(), clock.clone()).await;
    let job = claimed(store.as_ref(), clock.as_ref()).await;
    assert_eq!(origin(&door, ask(&job, 0)).await, Origin::Live);
    assert_eq!(origin(&door, ask(&job, 1)).await, Origin::Cache);

    // What another version wrote, say.
    let planned = plan(&door, &ask(&job, 2), CallWay::Alone).await.ok().expect("it is planned");
    let key = planned.key.expect("it may be answered by a kept reply");
    let call = door.new_call_id();
    let held = store.hold(planned.bid.hold(call, UpstreamKind::Simulated, false)).await.expect("decided");
    assert!(matches!(held, anvil_store::HoldDecision::Granted { .. }));
    let bounds = door.config.reply_cache.expect("it keeps replies");
    let reply = r#"{"content": "of another form"}"#.parse().expect("JSON");
    let keep = Some(NewReply { key, agent: "tester".into(), reply, bounds });
    let outcome = anvil_store::SettlementOutcome::Usage {
        usage: anvil_types::Usage::default(),
        cost: Nanodollars::ZERO,
    };
    let settled = crate::flight::settlement::released(call, "test");
    store.settle(anvil_store::Settlement { outcome, keep, ..settled }).await.expect("settled");

    assert_eq!(origin(&door, ask(&job, 2)).await, Origin::Live);
    assert_eq!(origin(&door, ask(&job, 3)).await, Origin::Cache);
    assert_eq!(sim.log(0, 9).len(), 2);
}
