//! Why the store could not do as asked.

use anvil_types::{ArtifactName, JobId, TransitionRefused, UpstreamKind};

/// Why the store could not do as asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// As many unfinished jobs as may wait.
    #[error(
        "the queue is full: {unfinished} of {limit} unfinished jobs{}. Try again when some have finished, cancel \
         some, or raise queue_max",
        kept_places(*.kept)
    )]
    QueueFull {
        /// Unfinished jobs now.
        unfinished: u64,
        /// The most.
        limit: u64,
        /// Places of these that are kept for critical jobs, where this is none.
        kept: u64,
    },
    /// One agent, or one schedule, has as many unfinished jobs as its share of the queue.
    #[error(
        "{whose} has {unfinished} unfinished jobs, and its share of the queue is {limit}. Try again when some have \
         finished, cancel some, or raise the share (jobs.agent_queue_percent, agents.NAME.queue_percent, jobs.schedule_queue_percent)"
    )]
    ShareFull {
        /// Whose.
        whose: String,
        /// Its unfinished jobs now.
        unfinished: u64,
        /// The most.
        limit: u64,
    },
    /// The idempotency key was used for something else.
    #[error(
        "the idempotency key belongs to job {job}, which asked for something else; use a new key for a new job"
    )]
    IdempotencyConflict {
        /// The job that has the key.
        job: JobId,
    },
    /// A job that is to be imported has the id of another one.
    #[error(
        "there is another job {0} here already: its agent, action, payload, state or what it comes after differs \
         from the one in the file"
    )]
    OtherJob(JobId),
    /// A file was to be taken along from another job, and nobody has its bytes any more.
    #[error(
        "nobody here has the bytes of the file `{name}`; send it with the job (an export has them where it is made with files)"
    )]
    InputGone {
        /// The file.
        name: ArtifactName,
    },
    /// There is no such job.
    #[error("there is no job {0}")]
    NoSuchJob(JobId),
    /// The job cannot come after that one; the text says why.
    #[error("the job cannot come after job {parent}: {why}")]
    BadParent {
        /// The job that it was to come after.
        parent: JobId,
        /// Why not, and what to do.
        why: String,
    },
    /// A job that is led is not run again by itself.
    #[error("job {job} is done for job {lead}: run that one again, and what failed of it runs with it")]
    Led {
        /// The job.
        job: JobId,
        /// The job that leads it.
        lead: JobId,
    },
    /// The results of the jobs that a job comes after are more than a job is given.
    #[error(
        "the results of the jobs that it comes after have more than {most} bytes together, which is the most that a \
         job is given; let them hand over files, which are read one by one"
    )]
    TooMuchFromParents {
        /// The most bytes.
        most: u64,
    },
    /// The job, or a part of it, cannot be changed any more; the text says why.
    #[error("job {job} {why}")]
    NotEditable {
        /// The job.
        job: JobId,
        /// Why not, and what to do.
        why: String,
    },
    /// There is no such call, or it holds nothing.
    #[error("there is no call {0}")]
    NoSuchCall(anvil_types::CallId),
    /// The call's hold stands: its settlement says what it cost.
    #[error("call {0} is still under way: its cost is known when it has ended")]
    CallStillHeld(anvil_types::CallId),
    /// A change that makes no sense; the text says why.
    #[error("{0}")]
    BadChange(String),
    /// There is no such alert.
    #[error("there is no alert {0}")]
    NoSuchAlert(anvil_types::AlertId),
    /// There is no such action.
    #[error("there is no action {0} on many jobs")]
    NoSuchAction(anvil_types::JobActionId),
    /// The action has come to its end.
    #[error("the action {0} is over: there is nothing to stop")]
    ActionOver(anvil_types::JobActionId),
    /// There is no such delivery.
    #[error("there is no delivery {0}")]
    NoSuchDelivery(anvil_types::DeliveryId),
    /// There is no such question.
    #[error("there is no question {0}")]
    NoSuchQuestion(anvil_types::QuestionId),
    /// Somebody has answered the question already.
    #[error("question {question} is answered already: {by} answered it {at}")]
    QuestionAnswered {
        /// The question.
        question: anvil_types::QuestionId,
        /// Who.
        by: String,
        /// When.
        at: anvil_types::Timestamp,
    },
    /// The question takes no answer any more.
    #[error("question {question} is {state}: nobody waits for its answer any more")]
    QuestionOver {
        /// The question.
        question: anvil_types::QuestionId,
        /// How it ended.
        state: anvil_types::QuestionState,
    },
    /// The link is none that answers this question.
    #[error(
        "this link answers nothing: it is not known, not for this question, too old, or the question has changed"
    )]
    LinkRefused,
    /// There is no such webhook.
    #[error("there is no webhook `{0}`")]
    NoSuchWebhook(String),
    /// Nothing is sent to the webhook.
    #[error("nothing is sent to the webhook `{name}`: {why}. Switch it on first")]
    WebhookOff {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// As many webhooks as there may be.
    #[error("there are {0} webhooks already, as many as there may be; delete one first")]
    TooManyWebhooks(u32),
    /// The job's state does not allow it.
    #[error(transparent)]
    Refused(#[from] TransitionRefused),
    /// Another attempt holds a newer lease.
    #[error("the lease is lost: another attempt has taken the job over")]
    LeaseLost,
    /// The job belongs to another kind of upstream than the one that would bill it.
    #[error("job {job} may spend on the {belongs} upstream only, not on the {asked} one")]
    WrongUpstream {
        /// The job.
        job: JobId,
        /// The upstream that it may spend on.
        belongs: UpstreamKind,
        /// The upstream that would bill it.
        asked: UpstreamKind,
    },
    /// There is no such limit.
    #[error("there is no limit `{name}`; the limits are {names}")]
    NoSuchLimit {
        /// What was named.
        name: String,
        /// The ones there are.
        names: String,
    },
    /// Another process has the data folder.
    #[error(
        "another host (process {pid}) uses the data folder {folder}; stop it, or give this one another with --data"
    )]
    Locked {
        /// The folder.
        folder: String,
        /// The process that has it, where it says.
        pid: String,
    },
    /// Another host lives on the same database, and was started with another setting.
    #[error(
        "host {host} works on this database with {setting} = {theirs}, and this one has {ours}: give both the same, or          start this one when the other has ended (one that is gone without a word is waited for five minutes)"
    )]
    OtherHost {
        /// The other host.
        host: anvil_types::HostId,
        /// The setting.
        setting: String,
        /// What it is there.
        theirs: String,
        /// What it is here.
        ours: String,
    },
    /// The data folder cannot be used.
    #[error("the data folder {folder} cannot be used: {message}")]
    Folder {
        /// The folder.
        folder: String,
        /// Why, and what to do.
        message: String,
    },
    /// The library or the schema is of a version that will not do.
    #[error("{0}")]
    Version(String),
    /// The writer has ended: the host is shutting down.
    #[error("the store is closed")]
    Closed,
    /// There is no room left for what was to be written.
    #[error(
        "the disk with the data folder is full: nothing was changed. Free some space there, and it works again"
    )]
    DiskFull,
    /// The disk gives an error.
    #[error("the disk with the data folder is full or failing ({0}): nothing was changed")]
    DiskFails(String),
    /// Reading or writing failed.
    #[error("the store failed: {0}")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Whether it could not, as opposed to a refusal: nothing that was asked in the same step stands.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::DiskFull | Self::DiskFails(_) | Self::Backend(_))
    }

    /// The same for another that asked in the same step.
    pub(crate) fn for_another(&self) -> Self {
        match self {
            Self::DiskFull => Self::DiskFull,
            Self::DiskFails(why) => Self::DiskFails(why.clone()),
            Self::Backend(cause) => Self::Backend(cause.to_string().into()),
            other => Self::Backend(other.to_string().into()),
        }
    }
}

fn kept_places(kept: u64) -> String {
    match kept {
        0 => String::new(),
        1 => ", and the last place is kept for critical jobs".to_owned(),
        many => format!(", and the last {many} places are kept for critical jobs"),
    }
}
