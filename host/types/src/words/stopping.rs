//! What an orderly stop waits for.

use std::fmt;
use std::time::Duration;

/// What an orderly stop still waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopping {
    /// Jobs that run.
    pub jobs: u32,
    /// Calls under way.
    pub calls: u32,
    /// The longest that it goes on waiting.
    pub at_most: Duration,
}

impl fmt::Display for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = if self.calls == 1 { "1 call".to_owned() } else { format!("{} calls", self.calls) };
        let jobs = if self.jobs == 1 { "1 job".to_owned() } else { format!("{} jobs", self.jobs) };
        let seconds = self.at_most.as_secs();
        write!(f, "Waiting for {calls} under way and {jobs}, for {seconds} s more at most.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_told_in_a_sentence() {
        let stopping = Stopping { jobs: 2, calls: 1, at_most: Duration::from_millis(42_900) };
        assert_eq!(stopping.to_string(), "Waiting for 1 call under way and 2 jobs, for 42 s more at most.");
    }
}
