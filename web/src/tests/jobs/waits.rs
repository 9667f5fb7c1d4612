//! Every reason to wait has a sentence in the API and on the job's page.

use crate::testing::Scene;
use anvil_store::testing::{attempt, claim_of, hold_request, new_job};
use anvil_store::{Claim, Finish, HoldDecision, NewBatchCall, ReadyAgent, TeamAsk, TeamStep};
use anvil_types::words::WaitCause;
use anvil_types::{
    CallId, JobError, JobId, Json, Lease, Nanodollars, NewJob, TeamTask, UpstreamKind, Wait, WaitReason,
};
use std::time::Duration;

/// A job of an agent that is not there, so that nobody takes it.
fn job(scene: &Scene, reason: WaitReason) -> NewJob {
    new_job(JobId::new(scene.state.control.clock.now(), reason as u128 + 1), "ghost", "run")
}

async fn enqueue(scene: &Scene, job: NewJob) -> JobId {
    let id = job.id;
    scene.store.enqueue(job).await.expect("taken in");
    id
}

/// Takes the job that is queued, and answers its lease.
async fn claimed(scene: &Scene, id: JobId) -> Lease {
    let claimed = scene.store.claim(claim_of("ghost")).await.expect("a claim").pop().expect("the job");
    assert_eq!(claimed.job.id, id);
    claimed.lease
}

/// A job that waits for this reason.
async fn waits_for(scene: &Scene, reason: WaitReason) -> JobId {
    let new = |upstream, run_at| NewJob { upstream, run_at, ..job(scene, reason) };
    let simulated = || new(UpstreamKind::Simulated, None);
    let later = scene.state.control.clock.now() + Duration::from_hours(3);
    match reason {
        // As whoever ran it said: the gateway has these sentences.
        WaitReason::Money | WaitReason::Pace | WaitReason::Circuit | WaitReason::Brake => {
            let id = enqueue(scene, simulated()).await;
            let detail = format!("a sentence of the gateway about {}", reason.name());
            let wait = Wait { reason, detail, until: Some(later), refused_at: None };
            let lease = claimed(scene, id).await;
            if reason == WaitReason::Brake {
                scene.state.control.brake.set(true, "a look at the bill", "ann").await.expect("engaged");
            }
            scene.store.park(lease, wait).await.expect("parked");
            id
        }
        WaitReason::Trouble => {
            let id = enqueue(scene, simulated()).await;
            let why = "its file could not be stored".to_owned();
            let lease = claimed(scene, id).await;
            scene.store.finish(lease, Finish::Trouble { why }).await.expect("it waits");
            id
        }
        WaitReason::Person => {
            let id = enqueue(scene, simulated()).await;
            let lease = claimed(scene, id).await;
            crate::tests::questions::park(scene, lease, "Ship it?").await;
            id
        }
        WaitReason::Batch => {
            let id = enqueue(scene, simulated()).await;
            let lease = claimed(scene, id).await;
            let (call, asker) = (CallId::new(scene.state.control.clock.now(), 5), attempt(lease, "ghost", 0));
            let mut hold = hold_request(call, asker, Nanodollars::new(5));
            hold.batch =
                Some(NewBatchCall { request_hash: [1; 32], terms: Json::null(), body: (*b"{}").into() });
            let held = scene.store.hold(hold).await.expect("it answers");
            assert!(matches!(held, HoldDecision::Granted { .. }), "{held:?}");
            scene.store.park(lease, WaitCause::Batch.wait(None)).await.expect("parked");
            id
        }
        WaitReason::Backoff => {
            let id = enqueue(scene, simulated()).await;
            let error = JobError { kind: "bad-reply".into(), message: "not what was asked for".into() };
            let lease = claimed(scene, id).await;
            scene.store.finish(lease, Finish::Retry { error, at: later }).await.expect("it waits");
            id
        }
        WaitReason::Schedule => enqueue(scene, new(UpstreamKind::Simulated, Some(later))).await,
        WaitReason::Parents => {
            let parent = enqueue(scene, NewJob { run_at: Some(later), ..job(scene, WaitReason::Slot) }).await;
            enqueue(scene, NewJob { after: vec![parent], ..simulated() }).await
        }
        WaitReason::Team => {
            let id = enqueue(scene, simulated()).await;
            let task = TeamTask {
                agent: "nobody".into(),
                action: "run".into(),
                payload: Json::null(),
                max_cost: None,
            };
            let job = JobId::new(scene.state.control.clock.now(), 71);
            let ask =
                TeamAsk { position: 0, request_hash: [1; 32], occurrence: 0, task, id: job, refused: None };
            let lease = claimed(scene, id).await;
            let step = scene.store.hand_over(lease, vec![ask]).await.expect("handed over");
            assert_eq!(step, TeamStep::Parked);
            id
        }
        WaitReason::AgentMissing => enqueue(scene, simulated()).await,
        WaitReason::AgentDisabled => {
            scene.state.control.agents.set_enabled("quiet", false, "ann").await.expect("switched off");
            enqueue(scene, NewJob { agent: "quiet".into(), ..simulated() }).await
        }
        WaitReason::Upstream => enqueue(scene, new(UpstreamKind::Live, None)).await,
        WaitReason::Paused => {
            scene.state.control.queue.set_pause(Some("a deployment"), "ann").await.expect("paused");
            enqueue(scene, simulated()).await
        }
        WaitReason::Slot | WaitReason::Holds => unreachable!("it goes on at once here"),
    }
}

#[tokio::test]
async fn every_reason_to_wait_is_a_sentence_in_the_api_on_the_page_and_in_the_list() {
    // For a slot, and for holds, a job waits while others run: here it goes on at once. The runner's own tests and those
    // from outside name these sentences.
    let elsewhere = [WaitReason::Slot, WaitReason::Holds];
    for reason in WaitReason::ALL.into_iter().filter(|reason| !elsewhere.contains(reason)) {
        let scene = Scene::new().await;
        let id = waits_for(&scene, reason).await;
        let shown = scene.get(&format!("/api/v1/jobs/{id}")).await.json();
        let wait = &shown["waiting_for"];
        assert_eq!(wait["reason"], reason.name(), "{shown}");
        let detail = wait["detail"].as_str().expect("a sentence");
        assert!(detail.split_whitespace().count() >= 3, "{reason:?}: {detail}");
        // As far as no character is written otherwise in a page.
        let plain = detail.split(['\'', '"', '<', '&', '`']).next().unwrap_or_default();
        assert!(!plain.is_empty(), "{detail}");
        for path in [format!("/jobs/{id}"), "/jobs".to_owned()] {
            let page = scene.get(&path).await.text;
            assert!(page.contains(plain), "{reason:?}: {plain} is not on {path}: {page}");
        }
    }
}

#[tokio::test]
async fn a_job_that_ran_for_another_upstream_is_called_parked_everywhere_and_listed_as_that() {
    let scene = Scene::new().await;
    let live = NewJob { upstream: UpstreamKind::Live, ..job(&scene, WaitReason::Upstream) };
    let id = enqueue(&scene, live).await;
    let claim = Claim {
        agents: vec![ReadyAgent {
            name: "ghost".into(),
            digest: "d".into(),
            settings: anvil_types::AgentValues::default(),
            warm: false,
        }],
        upstream: UpstreamKind::Live,
        most: 1,
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_hours(3),
    };
    assert_eq!(
        scene.store.claim(claim).await.expect("a claim").len(),
        1,
        "it runs, as far as the store knows"
    );
    let here = enqueue(&scene, job(&scene, WaitReason::Slot)).await;
    let listed = async |query: &str| {
        let jobs = scene.get(&format!("/api/v1/jobs?{query}")).await.json();
        let jobs = jobs["items"].as_array().unwrap_or_else(|| panic!("{jobs}")).clone();
        jobs.iter().map(|job| job["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    let shown = scene.get(&format!("/api/v1/jobs/{id}")).await.json();
    assert_eq!((&shown["state"], &shown["waiting_for"]["reason"]), (&"parked".into(), &"upstream".into()));
    assert!(!scene.get(&format!("/jobs/{id}")).await.text.contains(">running<"));
    assert_eq!(listed("state=parked").await, [id.to_string()]);
    assert!(listed("state=running").await.is_empty());
    assert_eq!(listed("upstream=live").await, [id.to_string()]);
    assert_eq!(listed("upstream=simulated").await, [here.to_string()]);
    let wrong = scene.get("/api/v1/jobs?upstream=lively").await;
    assert!(wrong.text.contains("there are live, simulated"), "{}", wrong.text);
    assert_eq!(scene.get("/api/v1/status").await.json()["queue"]["running"], 0);
}
