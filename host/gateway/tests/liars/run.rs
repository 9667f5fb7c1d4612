//! One run: guests ask until each question has its answer, and then the books are compared.

use crate::account::Account;
use crate::answer::{Handed, Whose};
use crate::books::Books;
use crate::guest::Asking;
use crate::looks::Looks;
use crate::scene;
use crate::upstream::Liar;
use anvil_gateway::{Ask, CallEnd, Gateway, Terms};
use anvil_store::{Claimed, Store};
use anvil_types::{
    Asker, CallError, CallErrorKind, Clock as _, ContentBlock, DrivenClock, Effort, JobAsker, JobId, Reply,
    Request, Supervisor, Timestamp,
};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A question that was put off so often waits for something that nobody can end.
const MOST_PARKS: u32 = 3_000;
/// An upstream's trouble may become the job's own after so many.
const OWN_AFTER: usize = 3;

struct Run {
    gateway: Gateway,
    store: Arc<dyn Store>,
    clock: Arc<DrivenClock>,
    liar: Arc<Liar>,
    seed: u64,
    next: AtomicU64,
    parks: AtomicU64,
    questions: u64,
    wrongs: Mutex<Vec<String>>,
    // Which question has which place in which job.
    places: Mutex<HashMap<(JobId, u32), u64>>,
    // Only one drives the clock at a time.
    driving: tokio::sync::Mutex<()>,
}

/// Answers what went wrong.
pub(crate) async fn run(seed: u64, questions: u64) -> Vec<String> {
    let began = Instant::now();
    let folder = tempfile::TempDir::new().expect("a folder");
    let clock = scene::clock();
    let supervisor = Supervisor::new();
    let store = scene::store(folder.path(), &clock, &supervisor);
    let liar = Liar::new(seed, clock.clone());
    let url = liar.clone().listen().await;
    let run = Arc::new(Run {
        gateway: scene::gateway(url, &store, &clock, &supervisor).await,
        store: store.clone(),
        clock: clock.clone(),
        liar: liar.clone(),
        seed,
        next: AtomicU64::new(0),
        parks: AtomicU64::new(0),
        questions,
        wrongs: Mutex::default(),
        places: Mutex::default(),
        driving: tokio::sync::Mutex::new(()),
    });
    let looks = Looks::start(store.clone(), liar.clone());
    let mut guests = Vec::new();
    let jobs = scene::jobs(store.as_ref(), clock.as_ref(), questions).await;
    let at_once = usize::try_from(scene::GUESTS).expect("few");
    for guest in 0..at_once {
        let own = jobs.iter().skip(guest).step_by(at_once).cloned().collect();
        guests.push(tokio::spawn(run.clone().guest(own)));
    }
    for guest in guests {
        guest.await.expect("no guest panics");
    }
    run.idle().await;
    let looks = looks.end().await;
    let places = std::mem::take(&mut *run.places.lock().expect("no panic"));
    let books = Books::of(store.as_ref(), &liar, &places, seed).await;
    let mut wrongs = std::mem::take(&mut *run.wrongs.lock().expect("no panic"));
    wrongs.append(&mut liar.wrongs.lock().expect("no panic"));
    wrongs.extend(books.wrongs().await);
    if supervisor.falls() > 0 {
        wrongs.push(format!("{} of the host's own tasks died", supervisor.falls()));
    }
    wrongs.extend(looks.compared(&books.calls, store.as_ref()).await);
    println!(
        "{questions} questions, {} requests, {} parks, {} looks, {:.1} s; the host's clock shows {}",
        liar.requests.load(Ordering::SeqCst),
        run.parks.load(Ordering::SeqCst),
        looks.count,
        began.elapsed().as_secs_f64(),
        clock.now(),
    );
    wrongs
}

impl Run {
    fn wrong(&self, what: String) {
        self.wrongs.lock().expect("no panic").push(what);
    }

    async fn guest(self: Arc<Self>, jobs: Vec<Claimed>) {
        // Its jobs by turns.
        for turn in 0.. {
            let job = &jobs[turn % jobs.len()];
            let position = u32::try_from(turn / jobs.len()).expect("few");
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            if number >= self.questions {
                return;
            }
            self.places.lock().expect("no panic").insert((job.job.id, position), number);
            let asking = Asking::of(self.seed, number);
            let panics = asking.panics;
            let mut ask = self.ask(job, position, asking.request);
            let died = Arc::new(AtomicU64::new(0));
            if panics {
                let died = died.clone();
                let sink = move |_: &str| {
                    died.fetch_add(1, Ordering::SeqCst);
                    std::panic::panic_any(crate::PLANTED);
                };
                ask.text = Some(Arc::new(sink));
            }
            if asking.goes_away {
                self.asks_and_goes_away(ask, number).await;
                continue;
            }
            for parks in 0.. {
                if parks == MOST_PARKS {
                    self.wrong(format!("question {number} waits for ever: {:?}", self.liar.account(number)));
                    break;
                }
                let end = self.gateway.call(ask.clone()).wait().await;
                if self.ended(end, number, panics).await {
                    break;
                }
            }
            let died = died.load(Ordering::SeqCst);
            if died > 1 {
                self.wrong(format!(
                    "question {number} was asked again after its task had died: {died} times"
                ));
            }
            self.liar.owed.fetch_add(self.liar.account(number).beyond(), Ordering::SeqCst);
        }
    }

    fn ask(&self, job: &Claimed, position: u32, request: Request) -> Ask {
        Ask {
            asker: Asker::Job(JobAsker { lease: job.lease, agent: "tester".into(), attempt: 1, position }),
            terms: Terms {
                tags: Vec::new(),
                priority: job.job.priority,
                since: self.clock.now(),
                effort: Effort::Standard,
                by_score: None,
                floor: None,
                max_input_tokens: None,
                max_output_tokens: None,
                task_budget: false,
                sharers: None,
                economy: false,
            },
            request,
            request_hash: [7; 32],
            text: None,
            fresh: false,
        }
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
        let account = self.liar.account(number);
        match end {
            CallEnd::Answered { answer: Ok(reply), .. } => self.answered(&reply, number, &account),
            // A fault of the host is told as that, once.
            CallEnd::Answered { answer: Err(error), .. }
                if panics && error.kind == CallErrorKind::UnknownOutcome => {}
            CallEnd::Answered { answer: Err(error), .. } => self.failed(&error, number, &account),
            CallEnd::Park(wait) => {
                self.parks.fetch_add(1, Ordering::SeqCst);
                let brake = self.store.brake().await.expect("a read");
                if brake.engaged() {
                    self.store.release_brake("tester", "the law is tested").await.expect("released");
                }
                self.pass_time(wait.until).await;
                return false;
            }
            CallEnd::LeaseLost => self.wrong(format!("question {number} lost its lease")),
            CallEnd::StoreFailed(error) => {
                self.wrong(format!("question {number}: the store failed: {error}; {:?}", account.latest()));
            }
        }
        true
    }

    fn answered(&self, reply: &Reply, number: u64, account: &Account) {
        let Some(latest) = account.latest() else {
            self.wrong(format!("question {number} was answered before it was asked"));
            return;
        };
        let texts = reply.content.iter().map(|block| match block {
            ContentBlock::Text { text } => text.as_str(),
            _ => "a block that nobody sent",
        });
        let read: String = texts.collect();
        match &latest.handed {
            Handed::Text(said) if *said != read => {
                self.wrong(format!("question {number}: {said:?} was said, {read:?} was handed on"));
            }
            Handed::Nothing => self.wrong(format!(
                "question {number}: {read:?} was handed on of an answer that can't be read: {latest:?}"
            )),
            _ => {}
        }
    }

    fn failed(&self, error: &CallError, number: u64, account: &Account) {
        let own = match account.latest().map(|latest| latest.whose) {
            None => matches!(
                error.kind,
                CallErrorKind::InvalidRequest | CallErrorKind::TooLarge | CallErrorKind::UnboundedContent
            ),
            Some(Whose::Questions) => true,
            Some(Whose::Upstreams) => account.troubles() >= OWN_AFTER,
            Some(Whose::Others | Whose::Nobodys) => false,
        };
        if !own {
            self.wrong(format!(
                "question {number} failed for trouble that is not its own: {} ({}) after {} troubles of {}; the \
                 latest was {:?}",
                error.kind.name(),
                error.message,
                account.troubles(),
                account.names(),
                account.latest(),
            ));
        }
    }

    async fn pass_time(&self, until: Option<Timestamp>) {
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
}
