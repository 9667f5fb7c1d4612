//! The host itself: its parts, a job that it cannot go on with, a job that all others wait for.

use super::AlertKey;
use super::text::AlertText;
use crate::{Fall, JobId, UpstreamKind};

/// A part of the host fell, for as long as that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartFell<'a> {
    /// It begins anew.
    Anew(&'a Fall),
    /// It cannot begin anew.
    ForGood(&'a Fall),
}

impl AlertText for PartFell<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        let (Self::Anew(Fall { name, .. }) | Self::ForGood(Fall { name, .. })) = self;
        AlertKey::Part(name)
    }

    fn title(&self) -> String {
        match self {
            Self::Anew(Fall { name, .. }) => format!("A part of the host fell and began anew: {name}"),
            Self::ForGood(Fall { name, .. }) => format!("The host stops: {name} cannot go on"),
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Anew(Fall { why, .. }) => format!(
                "It ended by itself: {why}. It begins anew by itself each time, and what waited for it goes on. It is a \
                 fault of the host, of no job: please report it with the lines of the log from then."
            ),
            Self::ForGood(Fall { why, .. }) => format!(
                "It ended by itself: {why}. What it knew cannot be had again, so the host stops in order; start it \
                 again. No job and no money is lost."
            ),
        }
    }
}

/// The host cannot go on with a job, for as long as there is such a one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobTrouble<'a> {
    /// The job.
    pub job: JobId,
    /// What it waits for.
    pub waits: &'a str,
}

impl AlertText for JobTrouble<'_> {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        AlertKey::JobTrouble(upstream)
    }

    fn title(&self) -> String {
        "the host cannot go on with a job".to_owned()
    }

    fn detail(&self) -> String {
        format!(
            "job {}: {}. Other jobs are not touched; more may be in the same trouble, and their pages say so",
            self.job, self.waits
        )
    }
}

/// A job runs alone, and all others wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunsAlone {
    /// The job.
    pub job: JobId,
}

impl AlertText for RunsAlone {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        AlertKey::RunsAlone(upstream)
    }

    fn title(&self) -> String {
        "All jobs wait for one that runs alone".to_owned()
    }

    fn detail(&self) -> String {
        format!(
            "Job {} was there in three crashes of the host, and runs alone until it has a new answer: nothing \
             else begins. Cancel it to let the others go on.",
            self.job
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn a_part_that_fell_is_told_with_why_and_what_follows() {
        let fall = Fall { name: "the dispatch of jobs", why: "its work was gone".to_owned() };
        let (fell, lost) = (PartFell::Anew(&fall), PartFell::ForGood(&fall));
        assert_eq!(fell.title(), "A part of the host fell and began anew: the dispatch of jobs");
        assert_eq!(lost.title(), "The host stops: the dispatch of jobs cannot go on");
        assert!(fell.detail().starts_with("It ended by itself: its work was gone. It begins anew by itself"));
        assert!(lost.detail().ends_with("start it again. No job and no money is lost."));
    }

    #[test]
    fn a_job_that_others_look_at_is_named() {
        let job = JobId::new(Timestamp::from_secs(1_795_442_712), 7);
        let trouble = JobTrouble { job, waits: "it waits" };
        assert_eq!(trouble.title(), "the host cannot go on with a job");
        assert_eq!(
            trouble.detail(),
            format!(
                "job {job}: it waits. Other jobs are not touched; more may be in the same trouble, and their pages say \
                 so"
            )
        );
        let alone = RunsAlone { job };
        assert_eq!(alone.title(), "All jobs wait for one that runs alone");
        assert_eq!(
            alone.detail(),
            format!(
                "Job {job} was there in three crashes of the host, and runs alone until it has a new answer: nothing \
                 else begins. Cancel it to let the others go on."
            )
        );
    }
}
