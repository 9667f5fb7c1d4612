//! Finished jobs as tests of their plugins: written here, and read by whoever runs one.

use crate::replay::{ReplayControl, ReplayError, last_begun};
use anvil_api::{Fixture, FixtureAnswer, FixtureFile, FixtureJob};
use anvil_runner::Past;
use anvil_sandbox::Stop;
use anvil_store::{FinishedJob, ImportedFile, JournalEntry};
use anvil_types::words::{HostTrouble, NoFixture};
use anvil_types::{ArtifactName, InputDigest, Job, JobId, JournalKind, NewInput, TeamAnswer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why a fixture cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FixtureFault {
    /// It is of a form that this version does not read.
    #[error("{}", NoFixture::Version { found: *.0, known: Fixture::VERSION })]
    Version(u32),
    /// A digest in it is none.
    #[error("{}", NoFixture::Digest { position: *.0 })]
    Digest(u32),
    /// A file in it has no bytes.
    #[error("{}", no_file(.0))]
    File(String),
}

fn no_file(name: &str) -> NoFixture<'_> {
    NoFixture::File { name }
}

impl ReplayControl {
    /// A finished job as a test of its plugin.
    pub async fn fixture(&self, id: JobId) -> Result<Fixture, ReplayError> {
        let (job, ran_on) = self.finished(id).await?;
        let store = &*self.store;
        let journal = store.journal_of(id).await?;
        let live_since = last_begun(store, &job).await?;
        let mut room = Room(Fixture::MOST_BYTES);
        for entry in &journal {
            room.take(entry.answer.as_str().len())?;
        }
        let mut inputs = Vec::with_capacity(job.inputs.len());
        for input in &job.inputs {
            if let Some((info, bytes)) = store.input(id, &input.name).await? {
                room.take(bytes.len())?;
                inputs.push(file(info.name, info.media_type, bytes));
            }
        }
        let mut others = Vec::new();
        for other in given(&job, &journal)? {
            let Some(job) = store.job(other).await? else { continue };
            let mut files = Vec::new();
            for info in store.artifacts(other).await? {
                if let Some((info, bytes)) = store.artifact(other, &info.name).await? {
                    room.take(bytes.len())?;
                    files.push(file(info.name, info.media_type, bytes));
                }
            }
            others.push(FixtureJob { job, files });
        }
        // The journal has digests of what was asked; the version that asked it knows the words.
        let asked = match self.catalog.by_digest(&ran_on).await {
            Ok(Some(plugin)) => {
                let past = Past { job: &job, journal: &journal, live_since };
                let _turn = self.turn.lock().await;
                self.runner.rehearse(&plugin, &past).await.asked
            }
            _ => Vec::new(),
        };
        let answer = |entry: JournalEntry| FixtureAnswer {
            request: asked
                .iter()
                .find(|asked| asked.known && asked.position == entry.position)
                .and_then(|asked| asked.request.clone()),
            position: entry.position,
            kind: entry.kind,
            request_hash: InputDigest(entry.request_hash).to_string(),
            answer: entry.answer,
            at: entry.at,
        };
        let journal = journal.into_iter().map(answer).collect();
        let settings = store.job_settings(id).await?.unwrap_or_default();
        Ok(Fixture { anvil_fixture: Fixture::VERSION, job, settings, live_since, inputs, others, journal })
    }
}

/// What is left of the bytes that a fixture may have.
struct Room(usize);

impl Room {
    fn take(&mut self, bytes: usize) -> Result<(), ReplayError> {
        self.0 = self.0.checked_sub(bytes).ok_or(ReplayError::FixtureLarge(Fixture::MOST_BYTES))?;
        Ok(())
    }
}

/// The jobs that a job was given something of. A fixture without one of them would fail where the job did not.
fn given(job: &Job, journal: &[JournalEntry]) -> Result<BTreeSet<JobId>, ReplayError> {
    let mut given: BTreeSet<JobId> = job.after.iter().copied().collect();
    for entry in journal.iter().filter(|entry| entry.kind == JournalKind::Team) {
        let answer: TeamAnswer = serde_json::from_str(entry.answer.as_str()).map_err(|error| {
            let unread = HostTrouble::JournalUnreadable { position: entry.position, why: error.to_string() };
            ReplayError::Stopped(Stop::Store(unread.to_string()))
        })?;
        match answer {
            Ok(done) => drop(given.insert(done.job)),
            Err(failure) => given.extend(failure.job),
        }
    }
    Ok(given)
}

fn file(name: ArtifactName, media_type: String, bytes: Vec<u8>) -> FixtureFile {
    match String::from_utf8(bytes) {
        Ok(text) => FixtureFile { name, media_type, text: Some(text), base64: None },
        Err(error) => {
            let base64 = Some(STANDARD.encode(error.as_bytes()));
            FixtureFile { name, media_type, text: None, base64 }
        }
    }
}

fn bytes(file: &FixtureFile) -> Result<Vec<u8>, FixtureFault> {
    let none = || FixtureFault::File(file.name.to_string());
    match (&file.text, &file.base64) {
        (Some(text), None) => Ok(text.clone().into_bytes()),
        (None, Some(base64)) => STANDARD.decode(base64).map_err(|_| none()),
        _ => Err(none()),
    }
}

/// A fixture as what runs it takes it.
#[derive(Clone, Debug)]
pub struct ReadFixture {
    /// The job's journal.
    pub journal: Vec<JournalEntry>,
    /// The files that it came with.
    pub inputs: Vec<NewInput>,
    /// The jobs that it was given something of.
    pub others: Vec<FinishedJob>,
}

impl ReadFixture {
    /// Reads one. It came from a file: nothing of it is taken for granted.
    pub fn of(fixture: &Fixture) -> Result<Self, FixtureFault> {
        if fixture.anvil_fixture != Fixture::VERSION {
            return Err(FixtureFault::Version(fixture.anvil_fixture));
        }
        let entry = |answer: &FixtureAnswer| {
            let digest: InputDigest =
                answer.request_hash.parse().map_err(|_| FixtureFault::Digest(answer.position))?;
            Ok(JournalEntry {
                position: answer.position,
                kind: answer.kind,
                request_hash: digest.0,
                answer: answer.answer.clone(),
                at: answer.at,
            })
        };
        let input = |given: &FixtureFile| {
            let bytes = bytes(given)?;
            let info = anvil_types::InputInfo {
                name: given.name.clone(),
                media_type: given.media_type.clone(),
                size: bytes.len() as u64,
                digest: InputDigest(*blake3::hash(&bytes).as_bytes()),
            };
            Ok(NewInput { info, bytes: Some(Arc::new(bytes)) })
        };
        Ok(Self {
            journal: fixture.journal.iter().map(entry).collect::<Result<_, _>>()?,
            inputs: fixture.inputs.iter().map(input).collect::<Result<_, _>>()?,
            others: fixture.others.iter().map(finished).collect::<Result<_, _>>()?,
        })
    }
}

/// Another job with its files, as it comes into a store of the trial's own. Whom it came after there nobody knows.
fn finished(other: &FixtureJob) -> Result<FinishedJob, FixtureFault> {
    let file = |file: &FixtureFile| {
        Ok(ImportedFile {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            created_at: other.job.finished_at.unwrap_or_default(),
            bytes: bytes(file)?,
        })
    };
    let files = other.files.iter().map(file).collect::<Result<_, FixtureFault>>()?;
    let job = Job {
        after: Vec::new(),
        lead: None,
        root: None,
        schedule: None,
        inputs: Vec::new(),
        ..other.job.clone()
    };
    Ok(FinishedJob { job, attempts: Vec::new(), inputs: Vec::new(), files })
}
