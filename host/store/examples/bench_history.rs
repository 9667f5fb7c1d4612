//! Lists, searches and claims over a long history of finished jobs, each with its own figure; and what
//! noting changes for the search costs a job on its way through the queue.
//!
//! `cargo run --release -p anvil-store --features bench --example bench_history -- [FOLDER] [JOBS]`
//!
//! The folder is made and deleted, unless it is there: then its history is used, and kept.

use anvil_budget::Windows;
use anvil_store::history::{AGENTS, COMMON, RARE, fill, without_changes};
use anvil_store::{
    Claim, Enqueued, Finish, JobFilter, JobPage, QueueStore, ReadingStore, ReadyAgent, SqliteOptions,
    SqliteStore,
};
use anvil_types::{
    BootId, Clock, HostId, JobId, JobState, Json, Limits, Nanodollars, NewJob, Priority, SystemClock,
    UpstreamKind,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of each payload and each result.
const SIZE: usize = 2_048;
/// How often each question is asked.
const TIMES: usize = 300;
/// What the 99th of a hundred answers may take.
const BOUND: Duration = Duration::from_millis(20);
/// Jobs that wait while the history is looked at.
const WAITING: u128 = 190;

fn open(folder: &Path) -> SqliteStore {
    let clock = Arc::new(SystemClock::new());
    let now = clock.now();
    let much = Nanodollars::from_dollars(1_000_000);
    SqliteStore::open(SqliteOptions {
        supervisor: anvil_types::Supervisor::new(),
        marks: None,
        rule: std::sync::Arc::new(anvil_budget::AnyLimits),
        prices: std::sync::Arc::new(anvil_budget::PriceTable::built_in()),
        folder: folder.to_owned(),
        clock,
        limits: Limits {
            hour_usd: much,
            day_usd: much,
            month_usd: much,
            week_hours: 168,
            job_usd: much,
            requests_per_minute: 50,
            input_tokens_per_minute: 30_000,
            output_tokens_per_minute: 8_000,
            max_input_tokens: 8_000,
            max_output_tokens: 2_000,
            agents_min: 3,
            agents_max: 10,
            queue_max: 100_000,
        },
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: anvil_types::PerAgent::same(3),
        shares: anvil_store::QueueShares::default(),
        new_host: HostId::new(now, 1),
        boot: BootId::new(now, u128::from(now.millis())),
    })
    .expect("the store opens")
}

fn job(number: u128) -> NewJob {
    NewJob {
        id: JobId::new(SystemClock::new().now(), number),
        agent: AGENTS[0].into(),
        action: "run".into(),
        payload: "{\"text\":\"a short payload of a few words\"}".parse().expect("JSON"),
        priority: Priority::Normal,
        run_at: None,
        idempotency_key: None,
        max_cost: Nanodollars::from_dollars(1),
        tags: Vec::new(),
        upstream: UpstreamKind::Simulated,
        after: Vec::new(),
        schedule: None,
        inputs: Vec::new(),
        economy: None,
    }
}

fn claim(most: u32) -> Claim {
    Claim {
        agents: AGENTS
            .map(|name| ReadyAgent {
                name: name.to_owned(),
                digest: "d".to_owned(),
                settings: anvil_types::AgentValues::default(),
                warm: false,
            })
            .into(),
        upstream: UpstreamKind::Simulated,
        most,
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_hours(1),
    }
}

/// The figures of one question.
struct Figures(Vec<Duration>);

impl Figures {
    /// The answer's time below which this share of all are.
    fn at(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a short list"
        )]
        let place = ((self.0.len() - 1) as f64 * share) as usize;
        self.0[place]
    }

    fn show(mut self, name: &str) -> bool {
        self.0.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let good = self.at(0.99) <= BOUND;
        println!(
            "{name:<52} {:>9.3} {:>9.3} {:>9.3} {:>7} {}",
            ms(self.at(0.5)),
            ms(self.at(0.99)),
            ms(self.at(1.0)),
            self.0.len(),
            if good { "" } else { "TOO SLOW" }
        );
        good
    }
}

async fn ask(store: &SqliteStore, name: &str, filter: &JobFilter) -> bool {
    let mut figures = Vec::with_capacity(TIMES);
    let mut items = 0;
    for _ in 0..TIMES {
        let began = Instant::now();
        let page: JobPage = store.jobs(filter.clone()).await.expect("a read works");
        figures.push(began.elapsed());
        items = page.items.len();
    }
    Figures(figures).show(&format!("{name} ({items})"))
}

/// Reads all pages; each is a figure.
async fn to_the_end(store: &SqliteStore, name: &str, filter: &JobFilter) -> bool {
    let (mut figures, mut after, mut jobs) = (Vec::new(), None, 0);
    loop {
        let began = Instant::now();
        let page = store.jobs(JobFilter { after, ..filter.clone() }).await.expect("a read works");
        figures.push(began.elapsed());
        jobs += page.items.len();
        after = page.next;
        if after.is_none() {
            return Figures(figures).show(&format!("{name} ({jobs} jobs)"));
        }
    }
}

async fn lists(store: &SqliteStore) -> bool {
    let page = || JobFilter { limit: 50, ..JobFilter::default() };
    let states = |states: &[JobState]| JobFilter { states: states.to_vec(), ..page() };
    let agent = |agent: &str| JobFilter { agent: Some(agent.to_owned()), ..page() };
    let search = |typed: &str| JobFilter { search: Some(typed.to_owned()), ..page() };
    let tag = || Some("team-7".to_owned());
    let failed = || vec![JobState::Failed];
    let seldom = || Some(AGENTS[3].to_owned());
    let mut good = true;
    for (name, filter) in [
        ("all", page()),
        ("all, a page of 500", JobFilter { limit: 500, ..page() }),
        ("state succeeded", states(&[JobState::Succeeded])),
        ("state failed", states(&[JobState::Failed])),
        ("state queued", states(&[JobState::Queued])),
        ("state parked (none)", states(&[JobState::Parked])),
        ("unfinished", states(&[JobState::Running, JobState::Queued, JobState::Parked, JobState::Scheduled])),
        ("agent, common", agent(AGENTS[0])),
        ("agent, seldom", agent(AGENTS[3])),
        ("agent, none of it", agent("nobody")),
        ("agent seldom, failed", JobFilter { states: failed(), ..agent(AGENTS[3]) }),
        ("priority high", JobFilter { priority: Some(Priority::High), ..page() }),
        ("priority critical (none)", JobFilter { priority: Some(Priority::Critical), ..page() }),
        ("tag", JobFilter { tag: tag(), ..page() }),
        ("tag, failed", JobFilter { tag: tag(), ..states(&[JobState::Failed]) }),
        ("tag, agent seldom", JobFilter { tag: tag(), ..agent(AGENTS[3]) }),
        (
            "tag, agent seldom, cancelled",
            JobFilter { tag: tag(), states: vec![JobState::Cancelled], ..agent(AGENTS[3]) },
        ),
        ("tag, queued (none)", JobFilter { tag: tag(), ..states(&[JobState::Queued]) }),
        ("search: a word of all", search(COMMON)),
        ("search: a word of ten", search(RARE)),
        ("search: a word of none", search("nonesuch")),
        ("search: two words of few", search("gargargar zazaza")),
        ("search: a phrase", search("\"requirements needle\"")),
        ("search: a phrase of frequent words", search("\"babaco babaco\"")),
        ("search: a beginning", search("con*")),
        ("search: a beginning of two letters", search("co*")),
        ("search: a word of all, agent seldom", JobFilter { agent: seldom(), ..search(COMMON) }),
        ("search: a word of all, agent none", JobFilter { agent: Some("nobody".into()), ..search(COMMON) }),
        ("search: a word of all, failed", JobFilter { states: failed(), ..search(COMMON) }),
        (
            "search: a word of all, tag, failed, seldom",
            JobFilter { tag: tag(), states: failed(), agent: seldom(), ..search(COMMON) },
        ),
        ("search: a word of all, queued", JobFilter { states: vec![JobState::Queued], ..search(COMMON) }),
        ("search: a word of all, parked", JobFilter { states: vec![JobState::Parked], ..search("payload") }),
        (
            "search: a word of all, critical",
            JobFilter { priority: Some(Priority::Critical), ..search(COMMON) },
        ),
    ] {
        good &= ask(store, name, &filter).await;
    }
    let all = JobFilter { limit: 500, ..page() };
    good &= to_the_end(store, "to the end: all, 500 a page", &all).await;
    good &=
        to_the_end(store, "to the end: failed, 500 a page", &JobFilter { states: failed(), ..all.clone() })
            .await;
    good &= to_the_end(
        store,
        "to the end: agent, 500 a page",
        &JobFilter { agent: Some(AGENTS[0].into()), ..all.clone() },
    )
    .await;
    good &= to_the_end(store, "to the end: tag, 500 a page", &JobFilter { tag: tag(), ..all.clone() }).await;
    let words = JobFilter { search: Some(COMMON.into()), limit: 500, ..page() };
    good &= to_the_end(store, "to the end: a word of all, 500 a page", &words).await;
    let failing = JobFilter { states: failed(), ..words };
    good & to_the_end(store, "to the end: a word of all, failed, 500 a page", &failing).await
}

async fn rest(store: &SqliteStore) -> bool {
    let mut good = true;
    let mut figures = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        store.queue_counts().await.expect("a read works");
        figures.push(began.elapsed());
    }
    good &= Figures(figures).show("counts by state");
    let page = store.jobs(JobFilter { limit: 300, ..JobFilter::default() }).await.expect("a read works");
    let mut figures = Vec::new();
    for job in &page.items {
        let began = Instant::now();
        store.job(job.id).await.expect("a read works").expect("it is there");
        store.attempts(job.id).await.expect("a read works");
        store.calls(job.id).await.expect("a read works");
        store.log(job.id, 0, 500).await.expect("a read works");
        store.artifacts(job.id).await.expect("a read works");
        figures.push(began.elapsed());
    }
    good &= Figures(figures).show("one job, its attempts, calls, log and files");
    let (mut submits, mut claims, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..300 {
        let began = Instant::now();
        store.enqueue(job(1_000_000 + number)).await.expect("there is room");
        submits.push(began.elapsed());
        let began = Instant::now();
        let claimed = store.claim(claim(1)).await.expect("a claim works").pop().expect("a job waits");
        claims.push(began.elapsed());
        let result = "{\"text\":\"a short result\"}".parse().expect("JSON");
        let began = Instant::now();
        store.finish(claimed.lease, Finish::Succeeded { result }).await.expect("current");
        ends.push(began.elapsed());
    }
    good &= Figures(submits).show("submit, with its sync");
    good &= Figures(claims).show("claim, with its sync");
    good & Figures(ends).show("finish, with its sync")
}

async fn caught_up(store: &SqliteStore) -> Duration {
    let began = Instant::now();
    let filter = JobFilter { search: Some("x".into()), limit: 1, ..JobFilter::default() };
    loop {
        let behind = store.jobs(filter.clone()).await.expect("a search works").behind;
        if behind == 0 {
            return began.elapsed();
        }
        if began.elapsed().as_secs().is_multiple_of(30) {
            println!("  the index is {behind} changes behind");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Jobs a second from submission to their end, many at once.
async fn throughput(store: &Arc<SqliteStore>, jobs: u128) -> f64 {
    let began = Instant::now();
    let mut tasks = Vec::new();
    for lane in 0..64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for number in (lane..jobs).step_by(64) {
                assert!(matches!(store.enqueue(job(number)).await, Ok(Enqueued::New(_))));
                for claimed in store.claim(claim(1)).await.expect("a claim works") {
                    store
                        .finish(claimed.lease, Finish::Succeeded { result: Json::null() })
                        .await
                        .expect("current");
                }
            }
        }));
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let jobs = jobs as f64;
    jobs / began.elapsed().as_secs_f64()
}

async fn cost(parent: &Path) {
    println!("\njobs a second, submitted, claimed and finished by 64 callers, in turn");
    for turn in 0..3 {
        for (name, changes) in [("with search", true), ("without", false)] {
            let folder = tempfile::tempdir_in(parent).expect("a folder");
            let path = folder.path().join("store");
            let mut store = Arc::new(open(&path));
            if !changes {
                drop(store);
                without_changes(&path).expect("the triggers were there");
                store = Arc::new(open(&path));
            }
            let figure = throughput(&store, 20_000).await;
            println!("{turn} {name:<12} {figure:>8.0}");
        }
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let jobs: u64 = arguments.next().map_or(1_000_000, |text| text.parse().expect("a number of jobs"));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let folder = parent.join("history");
    let kept = folder.is_dir();
    if !kept {
        drop(open(&folder));
        let began = Instant::now();
        fill(&folder, jobs, SIZE, SystemClock::new().now()).expect("the disk has room");
        println!("{jobs} jobs written in {:.0} s", began.elapsed().as_secs_f64());
    }
    let store = open(&folder);
    println!("the index caught up in {:.0} s", caught_up(&store).await.as_secs_f64());
    for name in ["anvil.db", "anvil-search.db"] {
        let bytes = std::fs::metadata(folder.join(name)).map_or(0, |data| data.len());
        println!("{name}: {} MB", bytes / 1_000_000);
    }
    for number in 0..WAITING {
        store.enqueue(job(number)).await.expect("there is room");
    }
    println!(
        "\n{jobs} finished jobs of {SIZE} bytes of payload and result, {WAITING} waiting, {cores} cores"
    );
    println!("{:<52} {:>9} {:>9} {:>9} {:>7}", "milliseconds", "p50", "p99", "most", "times");
    let good = lists(&store).await & rest(&store).await;
    drop(store);
    if !kept {
        std::fs::remove_dir_all(&folder).expect("the folder is ours");
    }
    cost(&parent).await;
    assert!(good, "something took longer than {BOUND:?} at p99");
}
