//! What a test works with: a store, its clock, and short ways to say what happens.

use super::{Factory, Setup, TestClock};
use crate::testing::{attempt, hold_request};
use crate::{
    Claim, Claimed, Enqueued, Finish, HoldDecision, HoldRequest, JournalEntry, JournalKind, JournalWrite,
    ReadyAgent, Settled, Settlement, SettlementOutcome, SpendSnapshot, Store, StoreError,
};
use anvil_budget::{Amounts, AnyLimits, LimitsRule, WindowKind, WindowSpan, Windows};
use anvil_types::{
    Asker, BootId, CacheEffect, CallId, CallState, ClientAsker, Clock, Event, HostId, Job, JobError, JobId,
    JobState, Json, Lease, Limits, Nanodollars, NewJob, Priority, Timestamp, UpstreamKind, Usage, Wait,
    WaitReason,
};
use jiff::tz::TimeZone;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;

/// How long a lease of a test holds.
pub(super) const LEASE: Duration = Duration::from_secs(30);
/// The agent of a test.
pub(super) const AGENT: &str = "writer";
/// The digest of its plugin.
const DIGEST: &str = "d1";

/// A store under test, with its clock.
pub struct World<'a> {
    factory: &'a dyn Factory,
    /// The clock.
    pub clock: Arc<TestClock>,
    /// The limits of the settings, for the next start.
    pub limits: Limits,
    /// What limits may be at most, for the next start.
    pub rule: Arc<dyn LimitsRule>,
    /// The time zone, for the next start.
    pub windows: Windows,
    /// The upstream that the host asks, for the next start.
    pub upstream: UpstreamKind,
    /// Which of several hosts it is, where there are several.
    host: Option<HostId>,
    store: Option<Arc<dyn Store>>,
    numbers: AtomicU64,
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("store", &self.store).finish_non_exhaustive()
    }
}

/// A time, as a person writes it.
pub(super) fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// Whole dollars.
pub(super) fn dollars(dollars: i64) -> Nanodollars {
    Nanodollars::from_dollars(dollars)
}

/// Limits that stop nothing in a test.
pub(super) fn wide() -> Limits {
    Limits {
        hour_usd: dollars(10_000),
        day_usd: dollars(10_000),
        month_usd: dollars(10_000),
        week_hours: 168,
        job_usd: dollars(1_000),
        requests_per_minute: 50,
        input_tokens_per_minute: 30_000,
        output_tokens_per_minute: 8_000,
        max_input_tokens: 8_000,
        max_output_tokens: 2_000,
        agents_min: 3,
        agents_max: 10,
        queue_max: 1_000,
    }
}

impl<'a> World<'a> {
    /// A world with limits that stop nothing, at noon of a day in Berlin.
    pub async fn new(factory: &'a dyn Factory) -> Self {
        Self::with(factory, wide()).await
    }

    /// A world with these limits.
    pub async fn with(factory: &'a dyn Factory, limits: Limits) -> Self {
        let mut world = Self {
            factory,
            clock: Arc::new(TestClock::at(time("2026-11-23T11:00:00Z"))),
            limits,
            rule: Arc::new(AnyLimits),
            windows: Windows::new(TimeZone::get("Europe/Berlin").expect("the zone is built in")),
            upstream: UpstreamKind::Simulated,
            host: None,
            store: None,
            numbers: AtomicU64::new(1),
        };
        world.open().await;
        world
    }

    /// The first of several hosts, with these limits.
    pub async fn first_host(factory: &'a dyn Factory, limits: Limits) -> Self {
        let clock = Arc::new(TestClock::at(time("2026-11-23T11:00:00Z")));
        let zone = TimeZone::get("Europe/Berlin").expect("the zone is built in");
        let world = Self::host(factory, 1, clock, limits, Windows::new(zone)).await;
        world.expect("it is alone")
    }

    /// Another host on the same data, by its number, with the settings of this one.
    pub async fn beside(&self, number: u64) -> Self {
        let another = self.beside_with(number, self.limits.clone(), self.windows.clone()).await;
        another.expect("they agree")
    }

    /// Another host on the same data, by its number.
    pub async fn beside_with(
        &self,
        number: u64,
        limits: Limits,
        windows: Windows,
    ) -> Result<World<'a>, StoreError> {
        Self::host(self.factory, number, self.clock.clone(), limits, windows).await
    }

    async fn host(
        factory: &'a dyn Factory,
        number: u64,
        clock: Arc<TestClock>,
        limits: Limits,
        windows: Windows,
    ) -> Result<World<'a>, StoreError> {
        let mut world = Self {
            factory,
            clock,
            limits,
            rule: Arc::new(AnyLimits),
            windows,
            upstream: UpstreamKind::Simulated,
            host: Some(HostId::new(Timestamp::from_secs(1), u128::from(number))),
            store: None,
            // What one host makes an id of, no other does.
            numbers: AtomicU64::new(number << 32),
        };
        world.try_open().await?;
        Ok(world)
    }

    /// The host ends without a word, and nobody starts it.
    pub fn vanish(&mut self) {
        self.store = None;
    }

    async fn open(&mut self) {
        self.try_open().await.expect("the store opens");
    }

    async fn try_open(&mut self) -> Result<(), StoreError> {
        let setup = Setup {
            clock: self.clock.clone(),
            limits: self.limits.clone(),
            rule: self.rule.clone(),
            windows: self.windows.clone(),
            upstream: self.upstream,
            boot: BootId::new(self.clock.now(), self.number()),
        };
        self.store = Some(match self.host {
            Some(host) => self.factory.open_beside(setup, host).await?,
            None => self.factory.open(setup).await,
        });
        Ok(())
    }

    /// The host ends without a word, and another life of it begins.
    pub async fn crash(&mut self) {
        self.store = None;
        self.open().await;
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        self.store.as_ref().expect("a world has a store")
    }

    /// A number that was not given before.
    pub(super) fn number(&self) -> u128 {
        u128::from(self.numbers.fetch_add(1, Ordering::Relaxed))
    }

    /// Moves time on.
    pub fn wait(&self, length: Duration) {
        self.clock.advance(length);
    }

    /// A job as it is submitted, of no special kind.
    pub fn new_job(&self) -> NewJob {
        NewJob {
            id: JobId::new(self.clock.now(), self.number()),
            agent: AGENT.to_owned(),
            action: "write".to_owned(),
            payload: r#"{"big":12345678901234567890123}"#.parse().expect("JSON"),
            priority: Priority::Normal,
            run_at: None,
            idempotency_key: None,
            max_cost: dollars(1_000),
            tags: vec!["a".to_owned()],
            after: Vec::new(),
            schedule: None,
            inputs: Vec::new(),
            economy: None,
            upstream: UpstreamKind::Simulated,
        }
    }

    /// Submits a job.
    pub async fn submit(&self, job: NewJob) -> JobId {
        match self.store().enqueue(job).await.expect("there is room") {
            Enqueued::New(job) | Enqueued::Existing(job) => job.id,
        }
    }

    /// Submits a job with this priority.
    pub async fn submit_with(&self, priority: Priority) -> JobId {
        self.submit(NewJob { priority, ..self.new_job() }).await
    }

    /// A claim of up to so many jobs.
    pub fn claim_of(&self, most: u32) -> Claim {
        Claim {
            agents: vec![ReadyAgent {
                name: AGENT.to_owned(),
                digest: DIGEST.to_owned(),
                settings: anvil_types::AgentValues::default(),
                warm: false,
            }],
            upstream: UpstreamKind::Simulated,
            most,
            critical_only: false,
            alive: Vec::new(),
            lease_for: LEASE,
        }
    }

    /// Takes up to so many jobs.
    pub async fn claim(&self, most: u32) -> Vec<Claimed> {
        self.store().claim(self.claim_of(most)).await.expect("a claim works")
    }

    /// Takes one job, which must be there.
    pub async fn claim_one(&self) -> Claimed {
        self.claim(1).await.pop().expect("a job waits")
    }

    /// Submits a job and takes it.
    pub async fn running(&self) -> Claimed {
        let id = self.submit(self.new_job()).await;
        let claimed = self.claim_one().await;
        assert_eq!(claimed.job.id, id);
        claimed
    }

    /// A job as it is now.
    pub async fn job(&self, id: JobId) -> Job {
        self.store().job(id).await.expect("a read works").expect("the job is there")
    }

    /// The state of a job.
    pub async fn state(&self, id: JobId) -> JobState {
        self.job(id).await.state
    }

    /// Ends an attempt well.
    pub async fn succeed(&self, lease: Lease) -> Job {
        self.finish(lease, Finish::Succeeded { result: Json::null() }).await
    }

    /// Ends an attempt; the job as it is then.
    pub async fn finish(&self, lease: Lease, finish: Finish) -> Job {
        let state = self.store().finish(lease, finish).await.expect("the lease is current");
        let job = self.job(lease.job).await;
        assert_eq!(job.state, state);
        job
    }

    /// Parks an attempt for a reason, without an end of its own.
    pub async fn park(&self, lease: Lease, reason: WaitReason) {
        self.store().park(lease, wait(reason, None)).await.expect("the lease is current");
    }

    /// A request to hold so much, by nobody in particular: it counts as the agent's.
    pub fn hold_of(&self, amount: Nanodollars) -> HoldRequest {
        self.hold_as(Asker::Host { name: AGENT.into() }, amount)
    }

    /// A request to hold so much, by an attempt.
    pub fn hold_by(&self, lease: Lease, amount: Nanodollars) -> HoldRequest {
        self.hold_as(attempt(lease, AGENT, 0), amount)
    }

    /// A request to hold so much, with a client's key.
    pub fn hold_with_key(&self, api_key: &str, amount: Nanodollars) -> HoldRequest {
        self.hold_as(Asker::Client(ClientAsker { api_key: api_key.to_owned(), session: None }), amount)
    }

    /// A request to hold so much, by whom it says.
    pub fn hold_as(&self, asker: Asker, amount: Nanodollars) -> HoldRequest {
        hold_request(CallId::new(self.clock.now(), self.number()), asker, amount)
    }

    /// Asks for a hold.
    pub async fn ask(&self, request: HoldRequest) -> HoldDecision {
        self.store().hold(request).await.expect("a hold is decided")
    }

    /// Takes a hold, for which there must be room.
    pub async fn hold(&self, amount: Nanodollars) -> CallId {
        let request = self.hold_of(amount);
        let id = request.id;
        assert!(matches!(self.ask(request).await, HoldDecision::Granted { .. }), "there is room");
        id
    }

    /// Settles a call by usage.
    pub async fn settle(&self, call: CallId, cost: Nanodollars) -> Settled {
        self.end(call, SettlementOutcome::Usage { usage: usage(), cost }).await
    }

    /// Ends a call.
    pub async fn end(&self, call: CallId, outcome: SettlementOutcome) -> Settled {
        let settlement = Settlement {
            call,
            outcome,
            detail: None,
            model: None,
            cache: CacheEffect::default(),
            compression: None,
            journal: None,
            keep: None,
        };
        self.store().settle(settlement).await.expect("a settlement is never refused")
    }

    /// Holds and settles so much.
    pub async fn spend(&self, amount: Nanodollars) {
        let call = self.hold(amount).await;
        self.settle(call, amount).await;
    }

    /// How the windows stand.
    pub async fn snapshot(&self) -> SpendSnapshot {
        self.store().spend(UpstreamKind::Simulated).await.expect("a read works")
    }

    /// What counts in a window.
    pub async fn window(&self, kind: WindowKind) -> Amounts {
        let snapshot = self.snapshot().await;
        snapshot.windows.into_iter().find(|window| window.kind == kind).expect("all windows").amounts
    }

    /// The calendar day now.
    pub fn day(&self) -> WindowSpan {
        self.windows.day(self.clock.now())
    }

    /// The ledger's sums are those of its entries.
    pub async fn check_sums(&self) {
        let mut sums = Amounts::default();
        let mut after = None;
        loop {
            let page = self.store().ledger(UpstreamKind::Simulated, after, 500).await.expect("a read works");
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for call in page {
                match call.state {
                    CallState::Held => sums.held += call.hold,
                    CallState::Settled => sums.settled += call.cost,
                    CallState::Unknown => sums.unknown += call.cost,
                    CallState::Released => assert_eq!(call.cost, Nanodollars::ZERO),
                }
            }
        }
        assert_eq!(self.snapshot().await.total, sums, "the sums are those of the entries");
        let wrong = self.store().verify_sums().await.expect("a read works");
        assert_eq!(wrong, Vec::<String>::new(), "totals by every grouping agree");
    }
}

/// The next event; a test that waits for one that never comes fails instead of hanging.
pub(super) async fn next(events: &mut broadcast::Receiver<Arc<Event>>) -> Arc<Event> {
    let heard = tokio::time::timeout(Duration::from_secs(20), events.recv()).await;
    heard.expect("an event comes").expect("the store is open")
}

/// A reason to wait.
pub(super) fn wait(reason: WaitReason, until: Option<Timestamp>) -> Wait {
    Wait { reason, detail: "waits".to_owned(), until, refused_at: None }
}

/// An error of the guest's.
pub(super) fn bad_reply() -> JobError {
    JobError { kind: "bad-reply".to_owned(), message: "no code in it".to_owned() }
}

/// What a call used.
pub(super) fn usage() -> Usage {
    Usage {
        input_tokens: 11,
        output_tokens: 7,
        cache_read_tokens: 5,
        cache_write_5m_tokens: 3,
        cache_write_1h_tokens: 2,
        service_tier: Some("standard".to_owned()),
        inference_geo: Some("us".to_owned()),
        speed: None,
    }
}

/// An entry on its way into the journal.
pub(super) fn entry(lease: Lease, position: u32, kind: JournalKind) -> JournalWrite {
    JournalWrite {
        lease,
        entry: JournalEntry {
            position,
            kind,
            request_hash: [u8::try_from(position).unwrap_or(0); 32],
            answer: format!(r#"{{"answer":{position}}}"#).parse().expect("JSON"),
            at: time("2026-11-23T11:00:00Z"),
        },
    }
}
