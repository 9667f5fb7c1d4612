//! What a run of a guest has asked other agents to do: it follows from its questions and answers alone, so that every run
//! of the job, and a replay of it, has it the same.

use anvil_types::words::TeamRefusal;
use anvil_types::{JobId, TeamAnswer, TeamFailure};
use std::collections::{HashMap, HashSet};

/// How many tasks a job may ask for, refused ones included: each is a durable entry of the journal.
const MOST_ASKED: u32 = 256;

/// The tasks of one run.
#[derive(Debug, Default)]
pub(crate) struct TeamRun {
    asked: u32,
    occurrences: HashMap<[u8; 32], u32>,
    done: HashSet<JobId>,
}

impl TeamRun {
    /// A task is asked for; answers how many equal ones were before it, or that the job has asked too often.
    pub(crate) fn ask(&mut self, request_hash: [u8; 32]) -> Result<u32, TeamFailure> {
        if self.asked >= MOST_ASKED {
            return Err(TeamFailure::of(&TeamRefusal::AskedTooOften { most: MOST_ASKED }, None));
        }
        self.asked += 1;
        let seen = self.occurrences.entry(request_hash).or_default();
        *seen += 1;
        Ok(*seen - 1)
    }

    /// Tasks were answered: the files of a job that did one can be read.
    pub(crate) fn answered(&mut self, answers: &[TeamAnswer]) {
        for answer in answers {
            match answer {
                Ok(done) => drop(self.done.insert(done.job)),
                // One that is done and whose result is too large says so with its job.
                Err(failure) if failure.kind == TeamRefusal::TOO_LARGE => self.done.extend(failure.job),
                Err(_) => {}
            }
        }
    }

    /// Whether this job did a task.
    pub(crate) fn is_done(&self, job: JobId) -> bool {
        self.done.contains(&job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_tasks_are_told_apart_by_how_many_were_before() {
        let mut run = TeamRun::default();
        assert_eq!((run.ask([1; 32]), run.ask([2; 32]), run.ask([1; 32])), (Ok(0), Ok(0), Ok(1)));
    }

    #[test]
    fn a_job_that_asks_without_end_is_refused_without_another_entry() {
        let mut run = TeamRun::default();
        for asked in 0..MOST_ASKED {
            assert_eq!(run.ask([7; 32]), Ok(asked));
        }
        let refused = run.ask([7; 32]).expect_err("it has asked too often");
        assert_eq!(refused.kind, "too-many");
    }
}
