//! A store with an outbox, and a clock to drive.

use anvil_alerts::{Deliverer, DelivererParts, SigningSecret};
use anvil_store::testing::{question_rules, question_text};
use anvil_store::{
    Claim, DeliveryFilter, NewAlert, NewQuestion, QuestionFilter, QuestionKey, ReadyAgent, SqliteOptions,
    SqliteStore, Store,
};
use anvil_types::words::{AlertCause, PluginDelayed};
use anvil_types::{
    AlertId, BootId, Clock, Delivery, DrivenClock, HostId, JobId, Json, Limits, Nanodollars, NewJob,
    PersonQuestion, Priority, QuestionSubject, Supervisor, SystemClock, UpstreamKind, Webhook, WebhookFormat,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<DrivenClock>,
    pub(crate) supervisor: Supervisor,
    _folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let clock = Arc::new(DrivenClock::new(SystemClock::new()));
        let dollars = Nanodollars::from_dollars(1_000);
        let options = SqliteOptions {
            supervisor: anvil_types::Supervisor::new(),
            marks: None,
            rule: std::sync::Arc::new(anvil_budget::AnyLimits),
            prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
            folder: folder.path().to_owned(),
            clock: clock.clone(),
            limits: Limits {
                hour_usd: dollars,
                day_usd: dollars,
                month_usd: dollars,
                week_hours: 168,
                job_usd: dollars,
                requests_per_minute: 50,
                input_tokens_per_minute: 30_000,
                output_tokens_per_minute: 8_000,
                max_input_tokens: 8_000,
                max_output_tokens: 2_000,
                agents_min: 3,
                agents_max: 10,
                queue_max: 200,
            },
            windows: anvil_budget::Windows::new(jiff::tz::TimeZone::UTC),
            upstream: UpstreamKind::Simulated,
            max_attempts: anvil_types::PerAgent::same(3),
            shares: anvil_store::QueueShares::default(),
            new_host: HostId::new(clock.now(), 1),
            boot: BootId::new(clock.now(), 2),
        };
        let store = Arc::new(SqliteStore::open(options).expect("a store"));
        Self { store, clock, supervisor: Supervisor::new(), _folder: folder }
    }

    pub(crate) fn deliverer(&self) -> Deliverer {
        let parts = DelivererParts {
            supervisor: self.supervisor.clone(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            panel_url: "http://127.0.0.1:8787".to_owned(),
            links: Some(anvil_alerts::LinkTerms {
                base: "https://anvil.example".to_owned(),
                valid_for: Duration::from_hours(24),
            }),
        };
        Deliverer::start(parts).expect("an HTTP client")
    }

    /// A webhook that may be on loopback.
    pub(crate) async fn hook(&self, name: &str, url: &str) -> Webhook {
        self.hook_as(name, url, WebhookFormat::Standard, true).await
    }

    pub(crate) async fn hook_as(
        &self,
        name: &str,
        url: &str,
        format: WebhookFormat,
        private: bool,
    ) -> Webhook {
        let webhook = Webhook {
            name: name.to_owned(),
            url: url.to_owned(),
            format,
            secret: SigningSecret::new([3; 32]).expose(),
            allow_private: private,
            disabled: None,
            created_at: self.clock.now(),
        };
        self.store.put_webhook(webhook.clone(), "ann").await.expect("there is room");
        webhook
    }

    /// Raises an alert of this plugin.
    pub(crate) async fn raise(&self, file: &str) -> AlertId {
        let delayed = PluginDelayed { file, why: "look at it" };
        let alert = NewAlert::of(UpstreamKind::Simulated, &AlertCause::Plugin(delayed));
        self.store.raise_alert(alert).await.expect("a write works").expect("none is open")
    }

    /// A job that asks people this; the question.
    pub(crate) async fn asks(&self, prompt: &str) -> PersonQuestion {
        let job = NewJob {
            id: JobId::new(self.clock.now(), 1),
            agent: "writer".to_owned(),
            action: "write".to_owned(),
            payload: Json::null(),
            priority: Priority::Normal,
            run_at: None,
            idempotency_key: None,
            max_cost: Nanodollars::from_dollars(1),
            tags: Vec::new(),
            after: Vec::new(),
            schedule: None,
            inputs: Vec::new(),
            economy: None,
            upstream: UpstreamKind::Simulated,
        };
        let subject = QuestionSubject::Job(job.id);
        self.store.enqueue(job).await.expect("there is room");
        let claim = Claim {
            agents: vec![ReadyAgent {
                name: "writer".to_owned(),
                digest: "d".to_owned(),
                settings: anvil_types::AgentValues::default(),
                warm: false,
            }],
            upstream: UpstreamKind::Simulated,
            most: 1,
            critical_only: false,
            alive: Vec::new(),
            lease_for: Duration::from_hours(1),
        };
        let lease = self.store.claim(claim).await.expect("a claim works")[0].lease;
        let question = NewQuestion {
            key: QuestionKey { subject, request_hash: [1; 32], occurrence: 0 },
            asker: "writer".to_owned(),
            text: question_text(prompt),
            rules: question_rules(),
        };
        self.store.park_asking(lease, question, 0).await.expect("the lease is current");
        let filter = QuestionFilter { limit: 1, ..QuestionFilter::default() };
        self.store.questions(filter).await.expect("a read works").items.remove(0)
    }

    /// The newest delivery to a webhook, when so many tries of it are noted.
    pub(crate) async fn settled(&self, webhook: &str, tries: u32) -> Delivery {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let filter =
                DeliveryFilter { webhook: Some(webhook.to_owned()), limit: 1, ..DeliveryFilter::default() };
            let newest = self.store.deliveries(filter).await.expect("a read works").remove(0);
            if newest.tries == tries {
                return newest;
            }
            assert!(Instant::now() < end, "try {tries} never came: {newest:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
