//! Every reason to wait: the host names it on the job's page, on the command line and in the API, and when that cause
//! is gone, and nothing else has changed, the job runs.

use crate::harness::{Host, Setup, Upstream, another_build, until};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// A back-off and an open circuit last this long.
const PAUSE: Duration = Duration::from_mins(10);
/// An answer that takes this long takes until the simulator's clock is driven.
const HANGS: Duration = Duration::from_hours(1);

/// Why a job waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Slot,
    Schedule,
    Backoff,
    Money,
    Holds,
    Pace,
    Circuit,
    Brake,
    AgentMissing,
    AgentDisabled,
    Parents,
    Paused,
    /// The version that the job began on is gone.
    VersionMissing,
    Upstream,
}

impl Cause {
    /// All that a running host can have, in an order in which none leaves anything to the next.
    const OF_A_RUNNING_HOST: [Self; 12] = [
        Self::Slot,
        Self::Schedule,
        Self::Backoff,
        Self::Money,
        Self::Holds,
        Self::Pace,
        Self::Circuit,
        Self::Brake,
        Self::AgentMissing,
        Self::AgentDisabled,
        Self::Parents,
        Self::Paused,
    ];

    /// The name in the API, the state in which the job waits, and whether nothing at all runs meanwhile.
    fn told_as(self) -> (&'static str, &'static str, bool) {
        match self {
            Self::Slot => ("slot", "queued", false),
            Self::Schedule => ("schedule", "scheduled", true),
            Self::Backoff => ("backoff", "scheduled", true),
            Self::Money => ("money", "parked", true),
            Self::Holds => ("holds", "running", false),
            Self::Pace => ("pace", "parked", true),
            Self::Circuit => ("circuit", "parked", true),
            Self::Brake => ("brake", "parked", true),
            Self::AgentMissing => ("agent_missing", "queued", true),
            Self::AgentDisabled => ("agent_disabled", "queued", true),
            Self::Parents => ("parents", "scheduled", false),
            Self::Paused => ("paused", "queued", true),
            Self::VersionMissing => ("agent_missing", "parked", true),
            // It ran when the host last asked its upstream, and does not now; what is idle is the other upstream's queue.
            Self::Upstream => ("upstream", "parked", false),
        }
    }
}

struct Scene {
    upstream: Upstream,
    host: Host,
    plugin: Vec<u8>,
    /// A job that keeps others waiting for as long as its call hangs.
    hanging: Option<String>,
}

/// A job with one call of up to about two dollars.
fn body(prompt: &str) -> Value {
    json!({
        "agent": "asker", "action": "ask",
        "payload": {"prompt": prompt, "max_output_tokens": 100_000, "effort": "complex", "reject": "bad"},
    })
}

impl Scene {
    async fn new(preset: &str) -> Self {
        let upstream = Upstream::start().await;
        let host = Setup::new()
            .agent("asker")
            .simulated_by(&upstream)
            .set("ANVIL_PRESET", preset)
            .set("ANVIL_PACE_BURST", 1)
            .set("ANVIL_PRESSURE_THROTTLE", false)
            .set("ANVIL_PRESSURE_DOWNGRADE", false)
            .set("ANVIL_JOBS_BACKOFF_S", PAUSE.as_secs())
            .set("ANVIL_UPSTREAM_RETRIES", 0)
            .set("ANVIL_UPSTREAM_CIRCUIT_FAILURES", 2)
            .set("ANVIL_UPSTREAM_CIRCUIT_OPEN_S", PAUSE.as_secs())
            .start()
            .await;
        let plugin = fs::read(host.plugins().join("asker.wasm")).expect("the plugin");
        Self { upstream, host, plugin, hanging: None }
    }

    async fn submit(&self, prompt: &str) -> String {
        let job = self.host.rest().post("/api/v1/jobs", &body(prompt)).await;
        job["id"].as_str().expect("an id").to_owned()
    }

    /// A job whose call is under way, and stays so.
    async fn hang(&mut self) {
        let hangs = json!({"text": "at last", "latency": {"first_byte_ms": HANGS.as_millis()}});
        self.upstream.script(&json!({"matches": [{"contains": "Hang", "items": [hangs]}]})).await;
        self.hanging = Some(self.submit("Hang").await);
        until("its call is under way", PATIENCE, async || {
            (self.upstream.bill().await.in_flight == 1).then_some(())
        })
        .await;
    }

    /// Lets the call end that hangs.
    async fn answer(&mut self) {
        self.upstream.drive(HANGS * 2, 1.0).await;
        let hanging = self.hanging.take().expect("a job hangs");
        self.host.rest().succeeded(&hanging, PATIENCE).await;
    }

    async fn agent_is(&self, state: &str) {
        until(&format!("the agent is {state}"), PATIENCE, async || {
            (self.host.rest().get("/api/v1/agents/asker").await["state"] == state).then_some(())
        })
        .await;
    }

    /// Brings the cause about; the job that waits for it to go.
    async fn bring(&mut self, cause: Cause) -> String {
        match cause {
            Cause::Slot => {
                self.host.rest().limits(&json!({"agents_min": 1, "agents_max": 1})).await;
                self.hang().await;
            }
            Cause::Schedule => {
                let now = self.host.rest().get("/api/v1/clock").await["now"].clone();
                let now: jiff::Timestamp = now.as_str().expect("a time").parse().expect("a time");
                let mut body = body("Later");
                body["run_at"] = json!((now + HANGS).to_string());
                let job = self.host.rest().post("/api/v1/jobs", &body).await;
                return job["id"].as_str().expect("an id").to_owned();
            }
            Cause::Backoff => self.upstream.script(&json!({"items": ["a bad one"]})).await,
            Cause::Money => {
                let dear = json!({"text": "dear", "usage": {"input_tokens": 0, "output_tokens": 100_000}});
                self.upstream.script(&json!({"items": [dear]})).await;
                let id = self.submit("Two dollars").await;
                self.host.rest().succeeded(&id, PATIENCE).await;
                self.host.rest().limits(&json!({"hour_usd": 3})).await;
            }
            Cause::Holds => {
                self.hang().await;
                self.host.rest().limits(&json!({"hour_usd": 3})).await;
            }
            Cause::Pace => {
                self.host.rest().limits(&json!({"requests_per_minute": 1})).await;
                // A changed pace begins empty, so that the one of this minute may have to wait for the next.
                let id = self.submit("The one of this minute").await;
                self.host.rest().drive(Duration::from_mins(2), 1.0).await;
                self.host.rest().succeeded(&id, PATIENCE).await;
            }
            Cause::Circuit => {
                self.upstream.faults(&json!(["500"])).await;
                for prompt in ["One failure", "Another"] {
                    let id = self.submit(prompt).await;
                    until("it has failed once", PATIENCE, async || {
                        let job = self.host.rest().job(&id).await;
                        (job["waiting_for"]["reason"] == "circuit").then_some(())
                    })
                    .await;
                    self.host.rest().post(&format!("/api/v1/jobs/{id}/cancel"), &json!({})).await;
                }
            }
            Cause::Brake => {
                let brake = json!({"engaged": true, "reason": "the books are looked at"});
                self.host.rest().put("/api/v1/brake", &brake).await;
            }
            Cause::AgentMissing => {
                fs::remove_file(self.host.plugins().join("asker.wasm")).expect("the plugin is removed");
                self.agent_is("retired").await;
            }
            Cause::AgentDisabled => {
                self.host.rest().post("/api/v1/agents/asker/disable", &json!({})).await;
            }
            Cause::Parents => {
                self.hang().await;
                let mut body = body("After it");
                body["after"] = json!([self.hanging]);
                let job = self.host.rest().post("/api/v1/jobs", &body).await;
                return job["id"].as_str().expect("an id").to_owned();
            }
            Cause::Paused => {
                let pause = json!({"paused": true, "reason": "the disk is moved"});
                self.host.rest().put("/api/v1/queue", &pause).await;
            }
            Cause::VersionMissing => {
                // The first call is paid, so that the job is bound to the version that asked.
                let hangs = json!({"text": "at last", "latency": {"first_byte_ms": HANGS.as_millis()}});
                self.upstream.script(&json!({"matches": [{"contains": "(2 of 2)", "items": [hangs]}]})).await;
                let mut body = body("Bound");
                body["payload"]["calls"] = json!(2);
                let job = self.host.rest().post("/api/v1/jobs", &body).await;
                until("its second call is under way", PATIENCE, async || {
                    (self.upstream.bill().await.in_flight == 1).then_some(())
                })
                .await;
                self.host.kill().await;
                fs::remove_dir_all(self.host.data().join("plugins")).expect("the kept versions are removed");
                let plugin = self.host.plugins().join("asker.wasm");
                fs::write(plugin, another_build(&self.plugin)).expect("another version is there");
                self.host.start().await;
                return job["id"].as_str().expect("an id").to_owned();
            }
            Cause::Upstream => {
                self.hang().await;
                self.host.kill().await;
                self.host.set("ANVIL_UPSTREAM_KIND", "live");
                self.host.set("ANTHROPIC_API_KEY", "a-key-of-the-simulator");
                self.host.start().await;
                return self.hanging.take().expect("a job hung");
            }
        }
        self.submit("Wait for it").await
    }

    /// Takes the cause away, and nothing else.
    async fn remove(&mut self, cause: Cause) {
        match cause {
            Cause::Slot => {
                self.host.rest().limits(&json!({"agents_min": 3, "agents_max": 3})).await;
            }
            Cause::Schedule => {
                self.host.rest().drive(HANGS, 1.0).await;
            }
            Cause::Backoff => {
                self.host.rest().drive(PAUSE, 1.0).await;
            }
            Cause::Money => {
                self.host.rest().limits(&json!({"hour_usd": 1_000_000})).await;
            }
            Cause::Holds | Cause::Parents => self.answer().await,
            Cause::Paused => {
                self.host.rest().put("/api/v1/queue", &json!({"paused": false})).await;
            }
            Cause::Pace => {
                self.host.rest().limits(&json!({"requests_per_minute": 900_000})).await;
            }
            Cause::Circuit => {
                self.upstream.faults(&json!([])).await;
                self.host.rest().drive(PAUSE, 1.0).await;
            }
            Cause::Brake => {
                let brake = json!({"engaged": false, "reason": "they are in order"});
                self.host.rest().put("/api/v1/brake", &brake).await;
            }
            Cause::AgentMissing | Cause::VersionMissing => {
                fs::write(self.host.plugins().join("asker.wasm"), &self.plugin).expect("it is put back");
            }
            Cause::AgentDisabled => {
                self.host.rest().post("/api/v1/agents/asker/enable", &json!({})).await;
            }
            Cause::Upstream => {
                self.host.kill().await;
                self.host.set("ANVIL_UPSTREAM_KIND", "simulated");
                self.host.start().await;
            }
        }
    }

    /// From the cause to the end of the job that waited.
    async fn shows(&mut self, cause: Cause) {
        let id = self.bring(cause).await;
        self.named_everywhere(&id, cause).await;
        self.remove(cause).await;
        self.host.rest().succeeded(&id, PATIENCE).await;
        println!("{cause:?}: named, and the job has run");
    }

    /// What is left of a cause that is over.
    async fn clear(&mut self) {
        if self.hanging.is_some() {
            self.answer().await;
        }
        self.upstream.script(&json!({"items": []})).await;
        self.host.rest().limits(&json!({"hour_usd": 1_000_000})).await;
        // An hour and a minute later nothing counts any more.
        self.host.rest().drive(HANGS + Duration::from_mins(2), 1.0).await;
    }

    async fn cli(&self, args: &[&str]) -> String {
        let told = self.host.anvil(args).await;
        assert!(told.status.success(), "{args:?}: {}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8_lossy(&told.stdout).into_owned()
    }

    /// Waits until every face of the host names the cause.
    async fn named_everywhere(&self, id: &str, cause: Cause) {
        let (reason, state, idle) = cause.told_as();
        let rest = self.host.rest();
        let wait = until(&format!("job {id} waits for {reason}"), PATIENCE, async || {
            let job = rest.job(id).await;
            let waits = job["waiting_for"]["reason"] == reason && job["state"] == state;
            waits.then(|| job["waiting_for"].clone())
        })
        .await;
        let detail = wait["detail"].as_str().expect("a sentence");
        for (face, text) in [
            ("list", rest.get("/api/v1/jobs?limit=5").await.to_string()),
            ("page", plain(&rest.text(&format!("/jobs/{id}")).await)),
            ("command line", self.cli(&["jobs", "show", id]).await),
        ] {
            assert!(text.contains(detail), "{cause:?}: the {face} does not say `{detail}`:\n{text}");
        }
        if idle {
            let why = rest.status().await["why_idle"].as_str().unwrap_or_default().to_owned();
            assert!(!why.is_empty() && !why.contains("about to start"), "{cause:?}: {why}");
            // The overview has a notice of its own for an upstream that does not answer.
            let notice = if cause == Cause::Circuit { "Claude does not answer." } else { why.as_str() };
            for (face, text, sentence) in [
                ("overview", plain(&rest.text("/").await), notice),
                ("status", self.cli(&["status"]).await, why.as_str()),
            ] {
                assert!(text.contains(sentence), "{cause:?}: the {face} does not say `{sentence}`:\n{text}");
            }
        }
    }
}

/// The text of a page, as a person reads it.
fn plain(page: &str) -> String {
    let marks =
        [("&#39;", "'"), ("&#x27;", "'"), ("&quot;", "\""), ("&#34;", "\""), ("&lt;", "<"), ("&gt;", ">")];
    let page = marks.iter().fold(page.to_owned(), |page, (mark, sign)| page.replace(mark, sign));
    page.replace("&amp;", "&").replace("&#38;", "&")
}

#[tokio::test]
async fn every_reason_to_wait_is_named_on_every_face_and_its_end_starts_the_job() {
    let mut scene = Scene::new("unlimited-dev").await;
    for cause in Cause::OF_A_RUNNING_HOST {
        scene.shows(cause).await;
        scene.clear().await;
    }
}

#[tokio::test]
async fn a_job_whose_version_is_gone_waits_for_just_that_version() {
    Scene::new("unlimited-dev").await.shows(Cause::VersionMissing).await;
}

#[tokio::test]
async fn a_job_of_another_upstream_waits_for_a_host_that_asks_it() {
    Scene::new("max-200").await.shows(Cause::Upstream).await;
}
