//! Jobs of an upstream that the host does not ask now.
//!
//! One that was running when the host last asked its upstream stands as running in the store, until its own
//! upstream's next start judges what became of it. It is not in memory and keeps what it paid for: for people it is
//! parked, and never called running.

use anvil_store::JobFilter;
use anvil_types::{Job, JobState, UpstreamKind};

/// The state of a job as people are told it.
pub(crate) fn state(job: &Job, asked: UpstreamKind) -> JobState {
    if job.upstream == asked { job.state } else { shown(job.state) }
}

/// The state of a job of an upstream that is not asked.
pub(crate) fn shown(state: JobState) -> JobState {
    if state == JobState::Running { JobState::Parked } else { state }
}

/// The states that a filter asks for, and the filter with the one in which such jobs stand in the store.
pub(crate) fn widened(mut filter: JobFilter) -> (Vec<JobState>, JobFilter) {
    let asked = filter.states.clone();
    if asked.contains(&JobState::Parked) && !asked.contains(&JobState::Running) {
        filter.states.push(JobState::Running);
    }
    (asked, filter)
}

/// Whether a job, as it stands in the store, is in one of the states that were asked for.
pub(crate) fn is_asked(states: &[JobState], job: &Job, asked: UpstreamKind) -> bool {
    states.is_empty() || states.contains(&state(job, asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(states: &[JobState]) -> JobFilter {
        JobFilter { states: states.to_vec(), ..JobFilter::default() }
    }

    #[test]
    fn what_ran_under_another_upstream_is_found_as_parked_and_never_as_running() {
        assert_eq!(shown(JobState::Running), JobState::Parked);
        for state in JobState::ALL.into_iter().filter(|state| *state != JobState::Running) {
            assert_eq!(shown(state), state);
        }
        let (asked, wide) = widened(filter(&[JobState::Parked]));
        assert_eq!(asked, [JobState::Parked]);
        assert!(wide.states.contains(&JobState::Running), "they stand there");
        let (_, same) = widened(filter(&[JobState::Running]));
        assert_eq!(same.states, [JobState::Running]);
        assert!(widened(filter(&[])).1.states.is_empty());
    }
}
