//! Which agents can run: nothing is refreshed for one that cannot.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Says of an agent's name whether its jobs can run now.
type Says = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Whoever runs agents says which of them can run now. Where nobody has said so, all can.
#[derive(Default)]
pub(crate) struct WhoRuns(RwLock<Option<Says>>);

impl WhoRuns {
    /// Goes by this from now on.
    pub(crate) fn set(&self, says: Says) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(says);
    }

    /// Whether jobs of this agent can run now.
    pub(crate) fn can_run(&self, agent: &str) -> bool {
        let says = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        says.is_none_or(|says| says(agent))
    }
}

impl fmt::Debug for WhoRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WhoRuns").finish_non_exhaustive()
    }
}
