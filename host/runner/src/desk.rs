//! The host's side of one attempt: answers a guest from the journal, the gateway and the store.

mod state;

use crate::allowance;
use crate::files::Files;
use crate::inputs::Inputs;
use crate::journal::{Answer, JournalSlot, Next, hash, read, stop};
use crate::live_text::LiveText;
use crate::log_buffer::LogBuffer;
use crate::parents::Parents;
use crate::run::Run;
use crate::settings::{AgentSettings, RunnerSettings};
use crate::stand_in::StandIn;
use crate::team::{Handed, Placed, Team};
use crate::then::{PendingAsk, Then};
use anvil_gateway::{Ask, CallEnd, CallHandle, Gateway, Terms};
use anvil_sandbox::{CancellationToken, GuestIdentity, HandedOver, JobHost, Stop, WallClock};
use anvil_store::{
    JournalEntry, JournalKind, JournalWrite, NewQuestion, QuestionFound, QuestionKey, Store, StoreError,
};
use anvil_types::words::GuestRefusal;
use anvil_types::{
    ArtifactInfo, ArtifactName, AskError, Asker, CallError, CallErrorKind, Clock, InputInfo, Job, JobAsker,
    Json, Lease, LogLevel, Origin, PersonAnswer, QuestionSubject, QuestionText, Remaining, Request,
    StateAnswer, StateAsk, TeamAnswer, TeamTask, Timestamp,
};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a call may take before it is looked whether it waits for pace or money.
const LOOK_FOR_WAIT: Duration = Duration::from_millis(250);

/// What a desk is set up with.
pub(crate) struct Setup {
    pub job: Job,
    pub lease: Lease,
    pub journal: Vec<JournalEntry>,
    pub terms: Terms,
    pub agent: AgentSettings,
    pub parents: Parents,
    pub team: Team,
    /// The files that earlier runs have handed over,
    pub files: Vec<ArtifactInfo>,
    /// and what this attempt has written of files, in bytes.
    pub written: u64,
    /// How many lines this attempt has written to the log since the journal's last answer, in runs before this one.
    pub said: usize,
    /// From this place of the journal on no kept reply answers.
    pub fresh_from: Option<u32>,
    /// Who answers for people and other agents, where the job is only tried.
    pub stand_in: Option<Arc<dyn StandIn>>,
}

/// Answers one attempt.
pub(crate) struct Desk {
    run: Run,
    lease: Lease,
    terms: Terms,
    settings: Arc<RunnerSettings>,
    store: Arc<dyn Store>,
    gateway: Gateway,
    clock: Arc<dyn Clock>,
    live_text: LiveText,
    shutdown: CancellationToken,
    /// Calls that were sent before this run, and live ones of this run.
    calls: AtomicU32,
    fresh_from: Option<u32>,
    files: Files,
    /// Lines that are still to be said again, word for word.
    said: AtomicUsize,
    park: Mutex<Option<Then>>,
    team: Team,
    stand_in: Option<Arc<dyn StandIn>>,
    /// Whether the store has parked the job, for tasks that are under way.
    waits_for_team: AtomicBool,
    pub(crate) lines: LogBuffer,
}

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
        let inputs = Inputs::of(&setup.job, &store);
        let began = setup.job.started_at.unwrap_or_else(|| clock.now());
        Self {
            calls: AtomicU32::new(setup.job.calls),
            fresh_from: setup.fresh_from,
            files: Files::new(setup.files, setup.written),
            said: AtomicUsize::new(setup.said),
            park: Mutex::default(),
            team: setup.team,
            stand_in: setup.stand_in,
            waits_for_team: AtomicBool::new(false),
            lines: LogBuffer::new(setup.lease, setup.job.attempts, store.clone()),
            run: Run::new(setup.job, setup.agent, setup.parents, inputs, setup.journal, began),
            lease: setup.lease,
            terms: setup.terms,
            settings,
            store,
            gateway,
            clock,
            live_text,
            shutdown,
        }
    }

    /// Why the attempt has to be parked, where it stopped for that.
    pub(crate) fn park_reason(&self) -> Option<Then> {
        self.park.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    // The attempt ends here, and this is what is to be done then.
    fn parked(&self, then: Then) -> Stop {
        *self.park.lock().unwrap_or_else(PoisonError::into_inner) = Some(then);
        Stop::Parked
    }

    /// Whether the job is parked already.
    pub(crate) fn is_parked(&self) -> bool {
        self.waits_for_team.load(Ordering::Relaxed)
    }

    // Finds the question's place in the journal, and puts aside what follows where the job goes
    // another way.
    async fn place(&self, kind: JournalKind, request_hash: [u8; 32]) -> Result<Next, Stop> {
        let next = self.run.next(kind, request_hash);
        if let Next::Live { position, cut: true } = next {
            self.store.journal_cut(self.lease, position).await.map_err(stop)?;
            // It goes another way, and so do its words.
            self.said.store(0, Ordering::Relaxed);
        }
        Ok(next)
    }

    async fn answer(
        &self,
        next: Next,
        request: Request,
        request_hash: [u8; 32],
        clock: WallClock,
    ) -> Result<Answer, Stop> {
        let asked = self.run.bounds().call();
        let answer = match next {
            Next::Known(entry) => known(&entry)?,
            Next::Live { position, .. } => {
                self.live(request, JournalSlot { position, request_hash }, asked, clock).await?
            }
        };
        self.run.bounds().answered(&answer);
        Ok(answer)
    }

    async fn live(
        &self,
        request: Request,
        slot: JournalSlot,
        asked: u32,
        clock: WallClock,
    ) -> Result<Answer, Stop> {
        // A host that shuts down lets calls under way end, and begins none: what is paid is kept.
        if self.shutdown.is_cancelled() {
            return Err(Stop::Shutdown);
        }
        // By what was sent in all attempts, and by what was asked in this run: refused calls are entries too.
        if self.calls.fetch_add(1, Ordering::Relaxed).max(asked) >= self.most_calls() {
            let spent = GuestRefusal::CallsSpent { most: self.most_calls() };
            let error = CallError::unsent(CallErrorKind::CallsExhausted, spent.to_string());
            return self.journalled(JournalKind::Call, slot, Err(error)).await;
        }
        let (live_text, job) = (self.live_text.clone(), self.run.job.id);
        let text: anvil_gateway::TextSink = Arc::new(move |text: &str| live_text.push(job, text));
        let JournalSlot { position, request_hash } = slot;
        let (agent, attempt) = (self.run.job.agent.clone(), self.run.job.attempts);
        let asker = Asker::Job(JobAsker { lease: self.lease, agent, attempt, position });
        let fresh = self.fresh_from.is_some_and(|from| position >= from);
        let ask = Ask { asker, terms: self.terms.clone(), request, request_hash, text: Some(text), fresh };
        let end = {
            let _waits = clock.waits();
            self.wait(self.gateway.call(ask)).await
        };
        match end {
            CallEnd::Answered { answer, at } => {
                self.run.journal().answered(at);
                self.live_text.push(job, "\n\n");
                Ok(answer)
            }
            CallEnd::Park(wait) => Err(self.parked(Then::Park(wait))),
            CallEnd::LeaseLost => Err(Stop::LeaseLost),
            CallEnd::StoreFailed(error) => Err(Stop::Store(error)),
        }
    }

    // Waits for a call. One that waits for pace or money is noted: should the host end meanwhile, it was not this
    // job that ended it.
    async fn wait(&self, call: CallHandle) -> CallEnd {
        let mut end = std::pin::pin!(call.wait());
        loop {
            tokio::select! {
                end = &mut end => return end,
                () = tokio::time::sleep(LOOK_FOR_WAIT) => {}
            }
            if self.gateway.wait_of(self.run.job.id).is_some() {
                if let Err(error) = self.store.note_wait(self.lease).await {
                    tracing::debug!(job = %self.run.job.id, %error, "a wait could not be noted");
                }
                return end.await;
            }
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
        self.run.journal().answered(at);
        Ok(answer)
    }

    /// How many calls the job may make.
    fn most_calls(&self) -> u32 {
        self.run.agent.calls.unwrap_or(self.settings.calls)
    }

    // Tasks are answered where they are asked for: no other agent is there.
    async fn stand_in_for(&self, stand_in: &dyn StandIn, placed: Vec<Placed>) -> Result<Handed, Stop> {
        let mut answers = Vec::with_capacity(placed.len());
        for Placed { task, request_hash, next, .. } in placed {
            answers.push(match next {
                Next::Known(entry) => read(&entry)?,
                Next::Live { position, .. } => {
                    let answer = stand_in.agent(&task).await;
                    let slot = JournalSlot { position, request_hash };
                    self.journalled(JournalKind::Team, slot, answer).await?
                }
            });
        }
        Ok(Handed::Answered(answers, None))
    }

    async fn remaining(&self) -> Result<Remaining, StoreError> {
        let asked = self.calls.load(Ordering::Relaxed).max(self.run.bounds().calls());
        let calls = self.most_calls().saturating_sub(asked);
        allowance::remaining(&*self.store, self.settings.upstream, &self.run, calls).await
    }
}

fn known(entry: &JournalEntry) -> Result<Answer, Stop> {
    let mut answer: Answer = read(entry)?;
    // What came in a batch has never been told otherwise.
    if let Ok(reply) = answer.as_mut().map_err(|_| ())
        && reply.origin != Origin::Batch
    {
        reply.origin = Origin::Journal;
    }
    Ok(answer)
}

#[async_trait]
impl JobHost for Desk {
    async fn complete(&self, request: Request, clock: WallClock) -> Result<Answer, Stop> {
        let exhausted = self.run.bounds().exhausted();
        if let Some(error) = exhausted {
            return Ok(Err(error));
        }
        let request_hash = hash(&request);
        let next = self.place(JournalKind::Call, request_hash).await?;
        if matches!(next, Next::Live { .. }) {
            self.lines.flush(self.clock.now()).await;
        }
        self.answer(next, request, request_hash, clock).await
    }

    async fn complete_many(&self, requests: Vec<Request>, clock: WallClock) -> Result<Vec<Answer>, Stop> {
        let exhausted = self.run.bounds().exhausted();
        if let Some(error) = exhausted {
            return Ok(vec![Err(error); requests.len()]);
        }
        let first = self.run.journal().position();
        let mut placed = Vec::with_capacity(requests.len());
        for request in requests {
            let request_hash = hash(&request);
            placed.push((self.place(JournalKind::Call, request_hash).await?, request, request_hash));
        }
        if placed.len() > 1 && placed.iter().any(|(next, _, _)| matches!(next, Next::Live { .. })) {
            let last = self.run.journal().position().saturating_sub(1);
            self.store.journal_batch(self.lease, first, last).await.map_err(stop)?;
        }
        self.lines.flush(self.clock.now()).await;
        let answers =
            placed.into_iter().map(|(next, request, hash)| self.answer(next, request, hash, clock.clone()));
        // All of them come to their end before one that has to be parked ends the attempt: what the
        // others paid for is kept.
        let at_once = self.run.agent.calls_at_once.unwrap_or(self.settings.calls_at_once);
        let answers: Vec<_> = futures_util::stream::iter(answers).buffered(at_once).collect().await;
        answers.into_iter().collect()
    }

    async fn allowance(&self) -> Result<Remaining, Stop> {
        let again = self.run.bounds().last_allowance();
        if let Some(remaining) = again {
            return Ok(remaining);
        }
        let request_hash = hash("allowance");
        let remaining = match self.place(JournalKind::Allowance, request_hash).await? {
            Next::Known(entry) => read(&entry)?,
            Next::Live { position, .. } => {
                let remaining = self.remaining().await.map_err(stop)?;
                self.journalled(JournalKind::Allowance, JournalSlot { position, request_hash }, remaining)
                    .await?
            }
        };
        self.run.bounds().allowed(&remaining);
        Ok(remaining)
    }

    async fn ask(
        &self,
        text: QuestionText,
        clock: WallClock,
    ) -> Result<Result<PersonAnswer, AskError>, Stop> {
        let request_hash = hash(&text);
        let key = QuestionKey {
            subject: QuestionSubject::Job(self.run.job.id),
            request_hash,
            occurrence: self.run.bounds().asked_people(request_hash),
        };
        let position = match self.place(JournalKind::Question, request_hash).await? {
            Next::Known(entry) => return read(&entry),
            Next::Live { position, .. } => position,
        };
        if self.shutdown.is_cancelled() {
            return Err(Stop::Shutdown);
        }
        if let Some(stand_in) = &self.stand_in {
            let answer = {
                let _waits = clock.waits();
                stand_in.person(&text).await
            };
            let slot = JournalSlot { position, request_hash };
            return self.journalled(JournalKind::Question, slot, answer).await;
        }
        let asker = self.run.job.agent.clone();
        let rules = self.settings.questions_of(&asker);
        let answer = match self.store.find_question(key, &asker, rules).await.map_err(stop)? {
            QuestionFound::Closed(outcome) => outcome,
            QuestionFound::Full(why) => Err(AskError::new(AskError::TOO_MANY, &why)),
            QuestionFound::New | QuestionFound::Open => {
                self.lines.flush(self.clock.now()).await;
                let question = NewQuestion { key, asker, text, rules };
                return Err(self.parked(Then::Ask(Box::new(PendingAsk { question, position }))));
            }
        };
        self.journalled(JournalKind::Question, JournalSlot { position, request_hash }, answer).await
    }

    async fn state(&self, ask: StateAsk) -> Result<StateAnswer, Stop> {
        self.ask_state(ask).await
    }

    fn progress(&self, fraction: f64, line: String) {
        if !self.run.journal().replaying() {
            self.lines.progress(fraction, line);
        }
    }

    fn log(&self, source: &'static str, level: LogLevel, line: String) {
        // What an earlier run has said before the answers that are still to come, it has said; and so it has what it
        // said between its last answer and its end.
        if self.run.journal().replaying() {
            return;
        }
        let again = self.said.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if again.is_err() {
            self.lines.line(self.clock.now(), source, level, line);
        }
    }

    fn handed_over(&self) -> HandedOver {
        self.files.handed_over()
    }

    async fn artifact(&self, name: ArtifactName, media_type: String, bytes: Vec<u8>) -> Result<bool, Stop> {
        let job = self.run.job.id;
        if self.files.has(&*self.store, job, &name, &media_type, &bytes).await.map_err(stop)? {
            return Ok(false);
        }
        self.store.put_artifact(self.lease, name, media_type, bytes).await.map_err(stop)?;
        Ok(true)
    }

    fn identity(&self) -> GuestIdentity {
        self.run.identity()
    }

    async fn team(&self, tasks: Vec<TeamTask>, clock: WallClock) -> Result<Vec<TeamAnswer>, Stop> {
        let (mut placed, mut refused) = (Vec::with_capacity(tasks.len()), Vec::new());
        for task in tasks {
            let request_hash = hash(&task);
            let asked = self.run.team().ask(request_hash);
            match asked {
                Ok(occurrence) => {
                    let next = self.place(JournalKind::Team, request_hash).await?;
                    placed.push(Placed { task, request_hash, occurrence, next });
                }
                // Whoever has asked too often is refused from there on.
                Err(failure) => refused.push(Err(failure)),
            }
        }
        if placed.iter().any(|placed| matches!(placed.next, Next::Live { .. })) {
            if self.shutdown.is_cancelled() {
                return Err(Stop::Shutdown);
            }
            // Once the job is parked this attempt writes no more.
            self.lines.flush(self.clock.now()).await;
        }
        let handed = {
            let _waits = clock.waits();
            match &self.stand_in {
                Some(stand_in) => self.stand_in_for(&**stand_in, placed).await?,
                None => self.team.hand_over(placed).await?,
            }
        };
        let (mut answers, at) = match handed {
            Handed::Answered(answers, at) => (answers, at),
            Handed::Parked => {
                self.waits_for_team.store(true, Ordering::Relaxed);
                return Err(Stop::Parked);
            }
            Handed::Waits(wait) => return Err(self.parked(Then::Park(wait))),
        };
        if let Some(at) = at {
            self.run.journal().answered(at);
        }
        self.run.team().answered(&answers);
        answers.append(&mut refused);
        Ok(answers)
    }

    async fn task_artifact(&self, job: &str, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        self.run.task_artifact(job, name).await.map_err(stop)
    }

    async fn parent_artifact(&self, parent: &str, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        self.run.parent_artifact(parent, name).await.map_err(stop)
    }

    fn inputs(&self) -> Arc<[InputInfo]> {
        self.run.inputs()
    }

    async fn input(&self, name: &str) -> Result<Result<Vec<u8>, String>, Stop> {
        self.run.input(name).await.map_err(stop)
    }

    fn setting(&self, key: &str) -> Option<String> {
        self.run.setting(key)
    }

    fn setting_keys(&self) -> Vec<String> {
        self.run.setting_keys()
    }

    fn guest_time(&self) -> Timestamp {
        self.run.time()
    }
}
