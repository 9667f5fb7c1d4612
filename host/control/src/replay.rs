//! `replay`: a past job is run once more against its journal, on the version that it ran on or another, and it is
//! told where the two part ways.

use crate::parts::ControlParts;
use anvil_api::{Difference, Question, Replayed};
use anvil_runner::{Asked, Past, Rehearsed, Runner};
use anvil_sandbox::{AttemptEnd, Catalog, Plugin, Rejection, Stop};
use anvil_store::{JournalEntry, Store, StoreError};
use anvil_types::words::NoReplay;
use anvil_types::{EventKind, Job, JobError, JobId, JobState, Json, Timestamp};
use std::sync::Arc;
use tokio::sync::Mutex;

/// How many events are read at once.
const EVENTS: u32 = 1_000;

/// Why there is no replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such job.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is not finished.
    #[error("{}", NoReplay::NotFinished(*.0))]
    NotFinished(JobState),
    /// It never ran.
    #[error("{}", NoReplay::NeverRan)]
    NeverRan,
    /// The version that it ran on is gone.
    #[error("{}", version_gone(.0))]
    VersionGone(String),
    /// The file is no plugin.
    #[error("{}", no_plugin(.0))]
    Rejected(#[from] Rejection),
    /// The file is another agent.
    #[error("{}", other_agent(.expected, .found))]
    OtherAgent {
        /// The job's agent.
        expected: String,
        /// The file's.
        found: String,
    },
    /// The run was stopped.
    #[error("{}", stopped(.0))]
    Stopped(Stop),
    /// Its files and answers are more than a fixture has.
    #[error("{}", fixture_large(*.0))]
    FixtureLarge(usize),
}

fn fixture_large(most: usize) -> NoReplay<'static> {
    NoReplay::FixtureLarge { most }
}

fn version_gone(digest: &str) -> NoReplay<'_> {
    NoReplay::VersionGone { digest }
}

fn no_plugin(why: &Rejection) -> String {
    NoReplay::NoPlugin { why: &why.to_string() }.to_string()
}

fn other_agent<'a>(expected: &'a str, found: &'a str) -> NoReplay<'a> {
    NoReplay::OtherAgent { expected, found }
}

fn stopped(stop: &Stop) -> String {
    NoReplay::Stopped { why: &stop.to_string() }.to_string()
}

/// Past jobs, run once more.
pub struct ReplayControl {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalog: Catalog,
    pub(crate) runner: Runner,
    /// One job at a time is replayed: what that takes is no agent's slot.
    pub(crate) turn: Mutex<()>,
}

impl ReplayControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        let (store, catalog) = (parts.store.clone(), parts.catalog.clone());
        Self { store, catalog, runner: parts.runner.clone(), turn: Mutex::default() }
    }

    /// Runs a finished job once more against its journal, on the version that it ran on, or on the plugin in `bytes`.
    /// Nothing is sent, spent or written. One replay runs at a time.
    pub async fn run(&self, id: JobId, bytes: Option<Vec<u8>>) -> Result<Replayed, ReplayError> {
        let (job, ran_on) = self.finished(id).await?;
        let _turn = self.turn.lock().await;
        let kept = self.catalog.by_digest(&ran_on).await?;
        let plugin = match bytes {
            Some(bytes) => self.catalog.on_trial(bytes).await?,
            None => kept.clone().ok_or_else(|| ReplayError::VersionGone(ran_on.clone()))?,
        };
        if plugin.info.name != job.agent {
            return Err(ReplayError::OtherAgent { expected: job.agent, found: plugin.info.name.clone() });
        }
        let journal = self.store.journal_of(id).await?;
        let live_since = last_begun(&*self.store, &job).await?;
        let past = Past { job: &job, journal: &journal, live_since };
        let rehearsed = self.runner.rehearse(&plugin, &past).await;
        let mut replayed = compared(&job, &journal, &plugin, rehearsed).map_err(ReplayError::Stopped)?;
        let differences = &mut replayed.differences;
        // The journal has hashes of what was asked; the version that asked it knows the words.
        if let Some(kept) = kept.filter(|kept| !differences.is_empty() && kept.digest() != plugin.digest()) {
            let then = self.runner.rehearse(&kept, &past).await.asked;
            for difference in differences {
                let words = then.iter().find(|asked| asked.known && asked.position == difference.position);
                if let (Some(question), Some(asked)) = (&mut difference.then, words) {
                    question.request.clone_from(&asked.request);
                }
            }
        }
        Ok(replayed)
    }

    /// A job that came to its end, and the version that it ran on.
    pub(crate) async fn finished(&self, id: JobId) -> Result<(Job, String), ReplayError> {
        let job = self.store.job(id).await?.ok_or(StoreError::NoSuchJob(id))?;
        if !job.state.is_final() {
            return Err(ReplayError::NotFinished(job.state));
        }
        let ran_on = job.plugin_digest.clone().filter(|_| job.started_at.is_some());
        let ran_on = ran_on.ok_or(ReplayError::NeverRan)?;
        Ok((job, ran_on))
    }

    /// The largest plugin that can be handed over for a replay, in bytes.
    pub fn max_plugin_bytes(&self) -> u64 {
        self.catalog.max_file_bytes()
    }
}

/// What a run of a past job on a plugin came to, beside what the job came to. A run that was stopped by another reason
/// than a question that nobody was to answer comes to nothing.
pub fn compared(
    job: &Job,
    journal: &[JournalEntry],
    plugin: &Plugin,
    rehearsed: Rehearsed,
) -> Result<Replayed, Stop> {
    let Rehearsed { asked, end } = rehearsed;
    let complete = !matches!(end, AttemptEnd::Stopped(Stop::Parked));
    let (result, error) = match end {
        AttemptEnd::Succeeded { result, .. } => (Some(result), None),
        AttemptEnd::Failed(error) | AttemptEnd::Broke(error) => (None, Some(error)),
        AttemptEnd::Stopped(Stop::Parked) => (None, None),
        AttemptEnd::Stopped(stop) => return Err(stop),
    };
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Replayed {
        job: job.id,
        ran_on: job.plugin_digest.clone().unwrap_or_default(),
        replayed_on: plugin.digest().to_owned(),
        version: plugin.info.version.clone(),
        answers: count(journal.len()),
        asked_for: count(asked.iter().filter(|asked| asked.known).count()),
        differences: differences(journal, &asked, complete),
        same_end: complete.then(|| same_end(job, result.as_ref(), error.as_ref())),
        result,
        error,
    })
}

// When the run began that came to the job's end: by its events, or, where those are gone, by its attempts.
pub(crate) async fn last_begun(store: &dyn Store, job: &Job) -> Result<Timestamp, StoreError> {
    let attempts = store.attempts(job.id).await?;
    let mut begun = attempts.last().map_or(job.created_at, |attempt| attempt.started_at);
    let mut after = 0;
    loop {
        let events = store.events(after, Some(job.id), EVENTS).await?;
        let Some(last) = events.last() else { return Ok(begun) };
        after = last.seq;
        let running = |event: &&anvil_types::Event| {
            matches!(event.kind, EventKind::Job { state: JobState::Running, .. })
        };
        begun = events.iter().rfind(running).map_or(begun, |event| event.at);
    }
}

// `complete`: it ran to an end of its own, so that what it did not ask for it does not need.
fn differences(journal: &[JournalEntry], asked: &[Asked], complete: bool) -> Vec<Difference> {
    let entry = |position: u32| journal.iter().find(|entry| entry.position == position);
    let then = |entry: &JournalEntry| Question { kind: entry.kind, request: None };
    let mut differences: Vec<_> = asked
        .iter()
        .filter(|asked| !asked.known)
        .map(|asked| Difference {
            position: asked.position,
            then: entry(asked.position).map(then),
            now: Some(Question { kind: asked.kind, request: asked.request.clone() }),
        })
        .collect();
    if complete {
        let left = journal.iter().filter(|entry| asked.iter().all(|asked| asked.position != entry.position));
        differences.extend(left.map(|entry| Difference {
            position: entry.position,
            then: Some(then(entry)),
            now: None,
        }));
    }
    differences
}

// What a guest fails on is its own word; what it says beside it may name a place in its own code.
fn same_end(job: &Job, result: Option<&Json>, error: Option<&JobError>) -> bool {
    match (result, error) {
        (Some(result), _) => job.state == JobState::Succeeded && job.result.as_ref() == Some(result),
        (None, Some(error)) => {
            job.state == JobState::Failed && job.error.as_ref().is_some_and(|then| then.kind == error.kind)
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::JournalKind;

    fn entry(position: u32, kind: JournalKind) -> JournalEntry {
        let at = Timestamp::default();
        JournalEntry { position, kind, request_hash: [0; 32], answer: Json::null(), at }
    }

    fn asked(position: u32, known: bool) -> Asked {
        let request = Some(Json::of(&format!("question {position}")));
        Asked { position, kind: JournalKind::Call, request, known }
    }

    fn places(differences: &[Difference]) -> Vec<(u32, bool, bool)> {
        differences.iter().map(|one| (one.position, one.then.is_some(), one.now.is_some())).collect()
    }

    #[test]
    fn what_is_asked_otherwise_anew_or_not_any_more_is_a_difference() {
        let journal =
            [entry(0, JournalKind::Call), entry(1, JournalKind::Allowance), entry(2, JournalKind::Call)];
        let all = [asked(0, true), asked(1, true), asked(2, true)];
        assert_eq!(differences(&journal, &all, true), []);
        assert_eq!(places(&differences(&journal, &all[..1], true)), [(1, true, false), (2, true, false)]);
        assert_eq!(differences(&journal, &all[..1], false), [], "it was stopped, not done");
        let otherwise = [asked(0, true), asked(1, false)];
        let told = differences(&journal, &otherwise, false);
        assert_eq!(places(&told), [(1, true, true)]);
        let kinds = (told[0].then.as_ref().map(|then| then.kind), told[0].now.as_ref().map(|now| now.kind));
        assert_eq!(kinds, (Some(JournalKind::Allowance), Some(JournalKind::Call)));
        let more = [&all[..], &[asked(3, false)]].concat();
        assert_eq!(places(&differences(&journal, &more, false)), [(3, false, true)]);
    }
}
