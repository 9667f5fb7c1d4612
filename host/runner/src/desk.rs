//! The host's side of one attempt: answers a guest from the journal, the gateway and the store.

use crate::live_text::LiveText;
use crate::notes::Notes;
use crate::parents::Parents;
use crate::replay::{Next, Replay};
use crate::settings::{AgentSettings, RunnerSettings};
use anvil_gateway::{Ask, Asker, CallEnd, Gateway, JournalSlot};
use anvil_sandbox::{CancellationToken, GuestIdentity, JobHost, Stop};
use anvil_store::{JournalEntry, JournalKind, JournalWrite, Store, StoreError};
use anvil_types::{
    ArtifactName, CallError, CallErrorKind, Clock, Job, Json, Lease, LogLevel, Nanodollars, Origin,
    Remaining, Reply, Request, Timestamp, Wait,
};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a desk is set up with.
pub(crate) struct Setup {
    pub job: Job,
    pub lease: Lease,
    pub journal: Vec<JournalEntry>,
    pub asker: Asker,
    pub agent: AgentSettings,
    pub parents: Parents,
    /// How many lines this attempt has written to the log since the journal's last answer, in runs before this one.
    pub said: usize,
}

/// Answers one attempt.
pub(crate) struct Desk {
    job: Job,
    lease: Lease,
    asker: Asker,
    agent: AgentSettings,
    settings: Arc<RunnerSettings>,
    store: Arc<dyn Store>,
    gateway: Gateway,
    clock: Arc<dyn Clock>,
    live_text: LiveText,
    shutdown: CancellationToken,
    replay: Mutex<Replay>,
    calls: AtomicU32,
    /// Lines that are still to be said again, word for word.
    said: AtomicUsize,
    park: Mutex<Option<Wait>>,
    parents: Parents,
    pub(crate) notes: Notes,
}

pub(crate) type Answer = Result<Reply, CallError>;

impl Desk {
    pub(crate) fn new(
        setup: Setup,
        settings: Arc<RunnerSettings>,
        store: Arc<dyn Store>,
        gateway: Gateway,
        clock: Arc<dyn Clock>,
        live_text: LiveText,
        shutdown: CancellationToken,
    ) -> Self {
        // The guest's clock begins where the job's first attempt did, on every run alike.
        let began = setup.job.started_at.unwrap_or_else(|| clock.now());
        Self {
            calls: AtomicU32::new(setup.job.calls),
            said: AtomicUsize::new(setup.said),
            replay: Mutex::new(Replay::new(setup.journal, began)),
            park: Mutex::default(),
            parents: setup.parents,
            notes: Notes::new(setup.lease, setup.job.attempts, store.clone()),
            job: setup.job,
            lease: setup.lease,
            asker: setup.asker,
            agent: setup.agent,
            settings,
            store,
            gateway,
            clock,
            live_text,
            shutdown,
        }
    }

    /// Why the attempt has to be parked, where it stopped for that.
    pub(crate) fn park_reason(&self) -> Option<Wait> {
        self.park.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn replay<T>(&self, with: impl FnOnce(&mut Replay) -> T) -> T {
        with(&mut self.replay.lock().unwrap_or_else(PoisonError::into_inner))
    }

    // Finds the question's place in the journal, and puts aside what follows where the job goes
    // another way.
    async fn place(&self, kind: JournalKind, request_hash: [u8; 32]) -> Result<Next, Stop> {
        let next = self.replay(|replay| replay.next(kind, request_hash));
        if let Next::Live { position, cut: true } = next {
            self.store.journal_cut(self.lease, position).await.map_err(stop)?;
            // It goes another way, and so do its words.
            self.said.store(0, Ordering::Relaxed);
        }
        Ok(next)
    }

    async fn answer(&self, next: Next, request: Request, request_hash: [u8; 32]) -> Result<Answer, Stop> {
        let position = match next {
            Next::Known(entry) => return known(&entry),
            Next::Live { position, .. } => position,
        };
        // A host that shuts down lets calls under way end, and begins none: what is paid is kept.
        if self.shutdown.is_cancelled() {
            return Err(Stop::Shutdown);
        }
        let slot = JournalSlot { position, request_hash };
        if self.calls.fetch_add(1, Ordering::Relaxed) >= self.settings.calls {
            let message = format!("a job may make {} calls (jobs.calls)", self.settings.calls);
            let error = CallError::unsent(CallErrorKind::CallsExhausted, message);
            return self.journalled(JournalKind::Call, slot, Err(error)).await;
        }
        let (live_text, job) = (self.live_text.clone(), self.job.id);
        let text: anvil_gateway::TextSink = Arc::new(move |text: &str| live_text.push(job, text));
        let ask = Ask { asker: self.asker.clone(), request, slot, text: Some(text) };
        match self.gateway.call(ask).wait().await {
            CallEnd::Answered { answer, at } => {
                self.replay(|replay| replay.answered(at));
                self.live_text.push(job, "\n\n");
                Ok(answer)
            }
            CallEnd::Park(wait) => {
                *self.park.lock().unwrap_or_else(PoisonError::into_inner) = Some(wait);
                Err(Stop::Parked)
            }
            CallEnd::LeaseLost => Err(Stop::LeaseLost),
            CallEnd::StoreFailed(error) => Err(Stop::Store(error)),
        }
    }

    async fn journalled<T: serde::Serialize>(
        &self,
        kind: JournalKind,
        slot: JournalSlot,
        answer: T,
    ) -> Result<T, Stop> {
        let at = self.clock.now();
        let entry = JournalEntry {
            position: slot.position,
            kind,
            request_hash: slot.request_hash,
            answer: Json::of(&answer),
            at,
        };
        self.store.journal(JournalWrite { lease: self.lease, entry }).await.map_err(stop)?;
        self.replay(|replay| replay.answered(at));
        Ok(answer)
    }

    async fn remaining(&self) -> Result<Remaining, StoreError> {
        let job = self.store.job(self.job.id).await?.unwrap_or_else(|| self.job.clone());
        let spend = self.store.spend(self.settings.upstream).await?;
        let limits = self.store.limits().await?.limits;
        let windows = spend.windows.iter();
        Ok(Remaining {
            job: job.max_cost.less(job.cost + job.held),
            window: windows
                .clone()
                .map(|w| w.limit.less(w.amounts.committed()))
                .min()
                .unwrap_or(Nanodollars::ZERO),
            calls: self.settings.calls.saturating_sub(self.calls.load(Ordering::Relaxed)),
            max_input_tokens: self.agent.max_input_tokens.unwrap_or(limits.max_input_tokens),
            max_output_tokens: self.agent.max_output_tokens.unwrap_or(limits.max_output_tokens),
            pressure: windows.map(|w| w.amounts.spent().fraction_of(w.limit)).fold(0.0, f64::max),
        })
    }
}

fn stop(error: StoreError) -> Stop {
    match error {
        StoreError::LeaseLost | StoreError::Refused(_) => Stop::LeaseLost,
        error => Stop::Store(error.to_string()),
    }
}

/// The answer of an entry, as it came.
pub(crate) fn answer_of(entry: &JournalEntry) -> Result<Answer, Stop> {
    serde_json::from_str(entry.answer.as_str()).map_err(|error| {
        Stop::Store(format!("the journal's entry {} is unreadable: {error}", entry.position))
    })
}

fn known(entry: &JournalEntry) -> Result<Answer, Stop> {
    let mut answer = answer_of(entry)?;
    if let Ok(reply) = &mut answer {
        reply.origin = Origin::Journal;
    }
    Ok(answer)
}

pub(crate) fn hash<T: serde::Serialize + ?Sized>(request: &T) -> [u8; 32] {
    *blake3::hash(Json::of(request).as_str().as_bytes()).as_bytes()
}

#[async_trait]
impl JobHost for Desk {
    async fn complete(&self, request: Request) -> Result<Answer, Stop> {
        let request_hash = hash(&request);
        let next = self.place(JournalKind::Call, request_hash).await?;
        if matches!(next, Next::Live { .. }) {
            self.notes.flush(self.clock.now()).await;
        }
        self.answer(next, request, request_hash).await
    }

    async fn complete_many(&self, requests: Vec<Request>) -> Result<Vec<Answer>, Stop> {
        let mut placed = Vec::with_capacity(requests.len());
        for request in requests {
            let request_hash = hash(&request);
            placed.push((self.place(JournalKind::Call, request_hash).await?, request, request_hash));
        }
        self.notes.flush(self.clock.now()).await;
        let answers = placed.into_iter().map(|(next, request, hash)| self.answer(next, request, hash));
        // All of them come to their end before one that has to be parked ends the attempt: what the
        // others paid for is kept.
        let answers: Vec<_> =
            futures_util::stream::iter(answers).buffered(self.settings.calls_at_once).collect().await;
        answers.into_iter().collect()
    }

    async fn allowance(&self) -> Result<Remaining, Stop> {
        let request_hash = hash("allowance");
        match self.place(JournalKind::Allowance, request_hash).await? {
            Next::Known(entry) => serde_json::from_str(entry.answer.as_str()).map_err(|error| {
                Stop::Store(format!("the journal's entry {} is unreadable: {error}", entry.position))
            }),
            Next::Live { position, .. } => {
                let remaining = self.remaining().await.map_err(stop)?;
                self.journalled(JournalKind::Allowance, JournalSlot { position, request_hash }, remaining)
                    .await
            }
        }
    }

    async fn progress(&self, fraction: f64, line: String) -> Result<(), Stop> {
        if !self.replay(|replay| replay.replaying()) {
            self.notes.progress(fraction, line);
        }
        Ok(())
    }

    fn log(&self, source: &'static str, level: LogLevel, line: String) {
        // What an earlier run has said before the answers that are still to come, it has said; and so it has what it
        // said between its last answer and its end.
        if self.replay(|replay| replay.replaying()) {
            return;
        }
        let again = self.said.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if again.is_err() {
            self.notes.line(self.clock.now(), source, level, line);
        }
    }

    async fn artifact(&self, name: ArtifactName, media_type: String, bytes: Vec<u8>) -> Result<(), Stop> {
        self.store.put_artifact(self.lease, name, media_type, bytes).await.map_err(stop)
    }

    fn identity(&self) -> GuestIdentity {
        GuestIdentity {
            job: self.job.id,
            attempt: self.job.attempts,
            tags: self.job.tags.clone(),
            parents: self.parents.results(),
        }
    }

    async fn parent_artifact(&self, parent: &str, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        self.parents.artifact(parent, name).await.map_err(stop)
    }

    fn setting(&self, key: &str) -> Option<String> {
        self.agent.values.get(key).cloned()
    }

    fn setting_keys(&self) -> Vec<String> {
        self.agent.values.keys().cloned().collect()
    }

    fn guest_time(&self) -> Timestamp {
        self.replay(|replay| replay.time())
    }
}
