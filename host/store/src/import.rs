//! Jobs that come from another host's export.

use anvil_types::{ArtifactName, Attempt, Job, JobId, JobState, NewInput, NewJob, Timestamp};

/// A job out of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportedJob {
    /// It was finished: it comes in as history, under its own id.
    Finished(Box<FinishedJob>),
    /// It was not: it is submitted anew under its own id, and nothing of what it did comes along.
    Unfinished(Box<NewJob>),
}

/// A finished job with what hangs on it.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedJob {
    /// The job. What it cost is in the ledger of the host that ran it: here it costs nothing.
    pub job: Job,
    /// Its attempts.
    pub attempts: Vec<Attempt>,
    /// The files that it came with, each name once.
    pub inputs: Vec<NewInput>,
    /// Its files.
    pub files: Vec<ImportedFile>,
}

/// A file with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedFile {
    /// Its name.
    pub name: ArtifactName,
    /// Its media type; untrusted.
    pub media_type: String,
    /// When it was handed over.
    pub created_at: Timestamp,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What became of a job out of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It was not there before.
    New {
        /// Its id.
        id: JobId,
        /// Where it stands now.
        state: JobState,
    },
    /// It was there already.
    Existing {
        /// Its id.
        id: JobId,
        /// Where it stands.
        state: JobState,
    },
}
