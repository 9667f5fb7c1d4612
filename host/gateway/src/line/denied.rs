//! Why a call does not go out.

use crate::upstream::gate::KeptBack;
use anvil_budget::{BrakeCause, EvenBurn, LimitName};
use anvil_store::StoreError;
use anvil_types::{Nanodollars, Timestamp};
use std::time::Duration;

/// Why a call does not go out. Nothing is held, nothing was sent.
#[derive(Debug)]
pub(crate) enum Denied {
    /// The host ends.
    Closing,
    /// What calls cost cannot be written.
    StoreFailing,
    /// The upstream, or its model, is in trouble.
    KeptBack(KeptBack),
    /// Nobody waits for it any more.
    Gone,
    /// It would wait too long for the pace. How long upstream itself has stopped its model; nothing, where our own
    /// limits are used up.
    Paced { until: Timestamp, stopped: Duration },
    /// It would wait too long for the throttle.
    Throttled { until: Timestamp, burn: EvenBurn },
    /// Others wait for the same money before it.
    Behind { until: Timestamp },
    /// The brake is engaged.
    Braked(Vec<BrakeCause>),
    /// No room under this limit before then.
    NotBefore { at: Timestamp, limit: LimitName },
    /// No room under this limit, ever.
    Never { limit: LimitName, allowed: Nanodollars, spent: Nanodollars },
    /// Another attempt holds the lease.
    LeaseLost,
    /// Its price has changed while it waited: it has to be planned anew.
    Stale,
    /// The queue fell with it in it.
    Forgotten,
    /// The store could not say.
    Failed(StoreError),
}
