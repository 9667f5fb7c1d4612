//! An instance that was made ahead of its job.

use crate::bindings::{Agent, AgentPre};
use crate::ended::instance;
use crate::world::{GuestWorld, Seat};
use wasmtime::Store;

/// An instance in a store of its own. It has run its start and has nothing of any job.
pub(crate) struct Prepared {
    store: Store<GuestWorld>,
    agent: Agent,
}

impl Prepared {
    /// A new one, within the limits of this seat.
    pub(crate) async fn new(seat: Seat, pre: &AgentPre<GuestWorld>) -> wasmtime::Result<Self> {
        let mut store = seat.calling();
        let agent = instance(pre.instantiate_async(&mut store)).await?;
        Ok(Self { store, agent })
    }

    /// The world in which it was started.
    pub(crate) fn world(&self) -> &GuestWorld {
        self.store.data()
    }

    /// In a job's seat: what its guest finds of the host is the job's own, and none of what it was made with.
    pub(crate) fn seated(self, seat: Seat) -> (Store<GuestWorld>, Agent) {
        let Self { mut store, agent } = self;
        seat.taking_over(&mut store);
        (store, agent)
    }
}
