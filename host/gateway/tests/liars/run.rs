//! One run: guests ask until each question has its answer, and then the books are compared.

use crate::PLANTED;
use crate::dice::Dice;
use crate::guest::question;
use crate::lies::Whose;
use crate::looks::Looks;
use crate::upstream::{Account, Liar};
use anvil_budget::{CircuitRule, ModelMap, PressureSteps, PriceTable, Windows};
use anvil_gateway::{
    ApiKey, Ask, Asker, CallEnd, Gateway, GatewayConfig, JournalSlot, PaceSettings, Patience, TextSink,
    Upstream,
};
use anvil_store::{Claim, Claimed, SqliteOptions, SqliteStore, Store};
use anvil_types::{
    BootId, CallError, CallErrorKind, CallRecord, CallState, Clock, ContentBlock, DrivenClock, Effort,
    HostId, JobId, Json, Limits, Nanodollars, NewJob, Priority, Reply, SystemClock, Tier, UpstreamKind,
};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Those that ask at once.
const GUESTS: u64 = 48;
/// How much faster the host's time goes than the machine's.
const RATE: f64 = 3_600.0;
/// A question that was put off so often waits for something that nobody can end.
const MOST_PARKS: u32 = 3_000;
/// An upstream's trouble may become the job's own after so many.
const OWN_AFTER: u32 = 3;

struct Scene {
    gateway: Gateway,
    store: Arc<dyn Store>,
    clock: Arc<DrivenClock>,
    liar: Arc<Liar>,
    seed: u64,
    next: AtomicU64,
    questions: u64,
    wrongs: Mutex<Vec<String>>,
    // Which question has which place in which job.
    places: Mutex<HashMap<(JobId, u32), u64>>,
    // Only one drives the clock at a time.
    driving: tokio::sync::Mutex<()>,
}

fn limits() -> Limits {
    Limits {
        hour_usd: Nanodollars::from_dollars(3),
        day_usd: Nanodollars::from_dollars(40),
        month_usd: Nanodollars::from_dollars(400),
        week_hours: 168,
        job_usd: Nanodollars::from_dollars(1_000_000),
        requests_per_minute: 1_000_000,
        input_tokens_per_minute: 1_000_000_000,
        output_tokens_per_minute: 1_000_000_000,
        max_input_tokens: 100_000,
        max_output_tokens: 2_000,
        agents_min: 1,
        agents_max: 1,
        queue_max: 1_000,
    }
}

fn store(folder: &Path, clock: &Arc<DrivenClock>) -> Arc<dyn Store> {
    let options = SqliteOptions {
        marks: None,
        rule: Arc::new(anvil_budget::AnyLimits),
        prices: Arc::new(PriceTable::built_in()),
        folder: folder.to_owned(),
        clock: clock.clone(),
        limits: limits(),
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: 3,
        shares: anvil_store::QueueShares::default(),
        new_host: HostId::new(clock.now(), 1),
        boot: BootId::new(clock.now(), 2),
    };
    Arc::new(SqliteStore::open(options).expect("a store"))
}

fn config(base_url: String) -> GatewayConfig {
    GatewayConfig {
        upstream: Upstream {
            kind: UpstreamKind::Simulated,
            base_url,
            api_key: Some(ApiKey::new("sk-liars")),
        },
        // Real time: long enough for a busy machine, short enough for those that hang.
        patience: Patience {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(10),
            idle: Duration::from_secs(3),
            call: Duration::from_secs(20),
            drain: Duration::from_secs(5),
            retries: 3,
        },
        pace: PaceSettings { burst: 100_000, longest_wait: Duration::from_secs(30) },
        circuit: CircuitRule { failures: 5, open_for: Duration::from_mins(1) },
        prices: Arc::new(PriceTable::built_in()),
        models: ModelMap {
            haiku: "claude-haiku-5-5".into(),
            sonnet: "claude-sonnet-5-5".into(),
            opus: "claude-opus-5-5".into(),
            simple: Tier::Haiku,
            standard: Tier::Sonnet,
            complex: Tier::Opus,
        },
        pressure: PressureSteps::NONE,
    }
}

async fn jobs(store: &dyn Store, clock: &dyn Clock) -> Vec<Claimed> {
    for number in 0..GUESTS {
        let job = NewJob {
            id: JobId::new(clock.now(), 100 + u128::from(number)),
            agent: "tester".into(),
            action: "test".into(),
            payload: Json::null(),
            priority: Priority::ALL[usize::try_from(number % 4).expect("small")],
            run_at: None,
            idempotency_key: None,
            max_cost: Nanodollars::from_dollars(1_000_000_000),
            tags: Vec::new(),
            after: Vec::new(),
            schedule: None,
            upstream: UpstreamKind::Simulated,
        };
        store.enqueue(job).await.expect("taken in");
    }
    let claim = Claim {
        agents: vec![anvil_store::ReadyAgent { name: "tester".into(), digest: "d".into() }],
        upstream: UpstreamKind::Simulated,
        most: u32::try_from(GUESTS).expect("few"),
        critical_only: false,
        alive: Vec::new(),
        // Months pass in the run.
        lease_for: Duration::from_hours(24 * 365 * 100),
    };
    store.claim(claim).await.expect("a claim")
}

/// Answers what went wrong.
pub(crate) async fn run(seed: u64, questions: u64) -> Vec<String> {
    let folder = tempfile::TempDir::new().expect("a folder");
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    clock.drive(Duration::ZERO, Some(RATE));
    let store = store(folder.path(), &clock);
    let liar = Liar::new(seed, clock.clone());
    let url = liar.clone().listen().await;
    let gateway = Gateway::start(config(url), store.clone(), clock.clone()).await.expect("a gateway");
    let scene = Arc::new(Scene {
        gateway,
        store: store.clone(),
        clock: clock.clone(),
        liar: liar.clone(),
        seed,
        next: AtomicU64::new(0),
        questions,
        wrongs: Mutex::default(),
        places: Mutex::default(),
        driving: tokio::sync::Mutex::new(()),
    });
    let began = Instant::now();
    let looks = Looks::start(store.clone(), liar.clone());
    let mut guests = Vec::new();
    for job in jobs(store.as_ref(), clock.as_ref()).await {
        guests.push(tokio::spawn(scene.clone().guest(job)));
    }
    for guest in guests {
        guest.await.expect("no guest panics");
    }
    scene.idle().await;
    let looks = looks.end().await;
    scene.compare_books(&looks).await;
    let requests = liar.requests.load(Ordering::SeqCst);
    println!(
        "{questions} questions, {requests} requests, {} looks, {:.1} s; the host's clock shows {}",
        looks.count,
        began.elapsed().as_secs_f64(),
        clock.now(),
    );
    let mut wrongs = std::mem::take(&mut *scene.wrongs.lock().expect("no panic"));
    wrongs.append(&mut liar.wrongs.lock().expect("no panic"));
    wrongs.extend(looks.wrongs);
    wrongs
}

impl Scene {
    fn wrong(&self, what: String) {
        self.wrongs.lock().expect("no panic").push(what);
    }

    fn account(&self, number: u64) -> Account {
        self.liar.accounts.lock().expect("no panic").get(&number).cloned().unwrap_or_default()
    }

    async fn guest(self: Arc<Self>, job: Claimed) {
        for position in 0.. {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            if number >= self.questions {
                return;
            }
            self.places.lock().expect("no panic").insert((job.job.id, position), number);
            let mut dice = Dice::new(self.seed ^ 0x6E57, number);
            let request = question(&mut dice, number);
            let (goes_away, panics) = (dice.percent(2), dice.percent(2));
            let mut ask = Ask {
                asker: Asker {
                    lease: job.lease,
                    agent: "tester".into(),
                    attempt: 1,
                    tags: Vec::new(),
                    priority: job.job.priority,
                    since: self.clock.now(),
                    effort: Effort::Standard,
                    floor: None,
                    max_input_tokens: None,
                    max_output_tokens: None,
                },
                request,
                slot: JournalSlot { position, request_hash: [7; 32] },
                text: panics.then(|| -> TextSink { Arc::new(|_| std::panic::panic_any(PLANTED)) }),
            };
            if goes_away {
                self.asks_and_goes_away(ask, number).await;
                continue;
            }
            for parks in 0.. {
                if parks == MOST_PARKS {
                    self.wrong(format!(
                        "question {number} waits for ever: {:?}",
                        self.account(number).latest
                    ));
                    break;
                }
                let end = self.gateway.call(ask.clone()).wait().await;
                if self.ended(end, number, panics).await {
                    break;
                }
                ask.text = None;
            }
            let account = self.account(number);
            self.liar.owed.fetch_add(self.dues(&account, panics), Ordering::SeqCst);
        }
    }

    // What the ledger has to have once a question is over, beyond what its holds had room for. Of a call whose
    // task died what it had been told died with it.
    fn dues(&self, account: &Account, panics: bool) -> u64 {
        if panics { 0 } else { account.least - account.covered }
    }

    async fn asks_and_goes_away(&self, ask: Ask, number: u64) {
        let handle = self.gateway.call(ask);
        for _ in 0..number % 50 {
            tokio::task::yield_now().await;
        }
        drop(handle);
    }

    // Whether the question has its answer; otherwise it is asked again when what it waits for is over.
    async fn ended(&self, end: CallEnd, number: u64, panics: bool) -> bool {
        let account = self.account(number);
        match end {
            CallEnd::Answered { answer: Ok(reply), .. } => self.answered(&reply, number, &account),
            CallEnd::Answered { answer: Err(_), .. } if panics => {}
            CallEnd::Answered { answer: Err(error), .. } => self.failed(&error, number, &account),
            CallEnd::Park(wait) => {
                let brake = self.store.brake().await.expect("a read");
                if brake.engaged() {
                    self.store.release_brake("tester", "the law is tested").await.expect("released");
                }
                self.pass_time(wait.until).await;
                return false;
            }
            CallEnd::LeaseLost => self.wrong(format!("question {number} lost its lease")),
            CallEnd::StoreFailed(error) if !panics => {
                self.wrong(format!("question {number}: the store failed: {error}; {:?}", account.latest));
            }
            CallEnd::StoreFailed(_) => {}
            // Kinds that come later.
            #[allow(unreachable_patterns, reason = "the enum may grow")]
            end => self.wrong(format!("question {number}: {end:?}")),
        }
        true
    }

    fn answered(&self, reply: &Reply, number: u64, account: &Account) {
        let Some(said) = &account.text else { return };
        let texts = reply.content.iter().map(|block| match block {
            ContentBlock::Text { text } => text.as_str(),
            _ => "a block that nobody sent",
        });
        let read: String = texts.collect();
        if read != *said {
            self.wrong(format!("question {number}: {said:?} was said, {read:?} was handed on"));
        }
    }

    fn failed(&self, error: &CallError, number: u64, account: &Account) {
        let own = match &account.latest {
            None => matches!(
                error.kind,
                CallErrorKind::InvalidRequest | CallErrorKind::TooLarge | CallErrorKind::UnboundedContent
            ),
            Some((Whose::Questions, _)) => true,
            Some((Whose::Upstreams, _)) => account.troubles >= OWN_AFTER,
            Some((Whose::Nobodys, _)) => false,
        };
        if !own {
            self.wrong(format!(
                "question {number} failed for trouble that is not its own: {} ({}) after {} troubles; the latest \
                 answer was {:?}",
                error.kind.name(),
                error.message,
                account.troubles,
                account.latest,
            ));
        }
    }

    async fn pass_time(&self, until: Option<anvil_types::Timestamp>) {
        let _driving = self.driving.lock().await;
        let now = self.clock.now();
        match until {
            Some(until) if until > now => drop(self.clock.advance(until.since(now))),
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }

    async fn idle(&self) {
        let began = Instant::now();
        while self.gateway.report().in_flight > 0 || self.gateway.report().waiting > 0 {
            if began.elapsed() > Duration::from_mins(1) {
                self.wrong(format!("calls are under way for ever: {:?}", self.gateway.report()));
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn compare_books(&self, looks: &Looks) {
        let mut calls: Vec<CallRecord> = Vec::new();
        loop {
            let after = calls.last().map(|call| call.id);
            let mut page =
                self.store.ledger(UpstreamKind::Simulated, after, 1_000).await.expect("a page of the ledger");
            if page.is_empty() {
                break;
            }
            calls.append(&mut page);
        }
        let spend = self.store.spend(UpstreamKind::Simulated).await.expect("the spend");
        if spend.total.held != Nanodollars::ZERO {
            let held = calls.iter().filter(|call| call.state == CallState::Held).count();
            self.wrong(format!("{} are held at idle, by {held} calls", spend.total.held));
        }
        let sum: i64 = calls.iter().map(|call| call.cost.get()).sum();
        if sum != spend.total.spent().get() {
            self.wrong(format!("the entries add up to {sum}, the total is {}", spend.total.spent().get()));
        }
        for wrong in self.store.verify_sums().await.expect("a read") {
            self.wrong(wrong);
        }
        self.compare_questions(&calls);
        let above = |call: &&CallRecord| call.cost > call.hold;
        let broken = calls.iter().filter(above).count() as u64;
        if broken != spend.bounds_broken {
            self.wrong(format!(
                "{broken} calls cost more than their holds, {} are counted",
                spend.bounds_broken
            ));
        }
        looks.compare(&calls, self.store.as_ref(), &self.wrongs).await;
    }

    fn compare_questions(&self, calls: &[CallRecord]) {
        let accounts = self.liar.accounts.lock().expect("no panic");
        let places = self.places.lock().expect("no panic");
        let mut by_question: HashMap<u64, Vec<&CallRecord>> = HashMap::new();
        for call in calls {
            let place = call.job.zip(call.position).and_then(|place| places.get(&place));
            match place {
                Some(number) => by_question.entry(*number).or_default().push(call),
                None => self.wrong(format!("call {} belongs to no question", call.id)),
            }
        }
        for (number, account) in accounts.iter() {
            let none = Vec::new();
            let calls = by_question.get(number).unwrap_or(&none);
            let cost: i64 = calls.iter().map(|call| call.cost.get()).sum();
            let above: i64 = calls.iter().map(|call| (call.cost.get() - call.hold.get()).max(0)).sum();
            let panics = { Dice::new(self.seed ^ 0x6E57, *number) };
            let least = if planted(panics, *number) { account.covered } else { account.least };
            let cost = u64::try_from(cost).expect("a cost");
            if cost < least {
                self.wrong(format!(
                    "question {number}: {least} nano-dollars were told, the ledger has {cost}; told {:?}; {}",
                    account.told,
                    entries(calls)
                ));
            }
            let most: u64 = account
                .told
                .iter()
                .map(|told| told.most_above(&account.asked, account.most_output, account.bytes))
                .fold(0, u64::saturating_add);
            let most = if account.honest { 0 } else { most };
            if u64::try_from(above).expect("not below zero") > most {
                self.wrong(format!(
                    "question {number}: {above} nano-dollars above the holds, and {most} were told above what they \
                     bound (honest: {}); told {:?}; {}",
                    account.honest,
                    account.told,
                    entries(calls)
                ));
            }
        }
    }
}

// Whether this question's guest panics: as `guest` threw the dice.
fn planted(mut dice: Dice, number: u64) -> bool {
    let _ = question(&mut dice, number);
    let _goes_away = dice.percent(2);
    dice.percent(2)
}

fn entries(calls: &[&CallRecord]) -> String {
    let entry = |call: &&CallRecord| {
        format!(
            "{:?} {} of {} ({}: {:?})",
            call.state,
            call.cost.get(),
            call.hold.get(),
            call.detail.as_deref().unwrap_or(""),
            call.usage
        )
    };
    calls.iter().map(entry).collect::<Vec<_>>().join("; ")
}
