//! Why files are not taken in with a job.

use crate::JobId;
use crate::artifact::{BadArtifactName, LONGEST_MEDIA_TYPE};

/// Why files are not taken in with a job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputRefusal {
    /// More than a job may come with.
    #[error("a job comes with at most {most} files (jobs.input_files in the settings, or the agent\'s own)")]
    TooMany {
        /// The most.
        most: usize,
    },
    /// One that is too large.
    #[error(
        "the file `{name}` has more than {most} bytes, which a file has at most (jobs.input_file_bytes in the settings, or the agent\'s own)"
    )]
    TooLarge {
        /// The file.
        name: String,
        /// The most.
        most: u64,
    },
    /// All of them together.
    #[error(
        "with the file `{name}` the files of the job have more than {most} bytes, which they have at most in all \
         (jobs.input_bytes in the settings, or the agent\'s own)"
    )]
    TooMuch {
        /// The file with which they became too many.
        name: String,
        /// The most.
        most: u64,
    },
    /// A name that no file of a job can have.
    #[error("a file cannot come in as `{name}`: {why}; give it another name")]
    Name {
        /// What it was to be called.
        name: String,
        /// What is wrong with it.
        why: BadArtifactName,
    },
    /// Two of one name.
    #[error("two of the files are called `{name}`; give one of them another name")]
    Twice {
        /// The name.
        name: String,
    },
    /// A media type that is none.
    #[error(
        "the media type of the file `{name}` cannot be used: one has 1 to {LONGEST_MEDIA_TYPE} printable ASCII characters"
    )]
    MediaType {
        /// The file.
        name: String,
    },
    /// A job whose files were to come along is not there.
    #[error("there is no job {job} whose files could come along; send them with the job")]
    NoSuchJob {
        /// The job.
        job: JobId,
    },
}

impl InputRefusal {
    /// Whether there is too much of it, as opposed to something wrong with it.
    pub fn is_too_much(&self) -> bool {
        matches!(self, Self::TooMany { .. } | Self::TooLarge { .. } | Self::TooMuch { .. })
    }
}
