//! What is under way for batches: a task for each at most, so that none keeps another waiting.

use crate::batch::creation::Creation;
use crate::batch::watch::Look;
use anvil_store::StoreError;
use anvil_types::Timestamp;
use std::collections::HashMap;
use std::future::pending;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

/// What a task has come to.
#[derive(Debug)]
pub(crate) enum Done {
    Created(Result<Creation, StoreError>),
    Looked(u64, Result<Look, StoreError>),
    GivenUp(u64, Result<(), StoreError>),
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// It sends the batch.
    Creation,
    /// It looks how it stands.
    Look,
    /// It ends all that is left of it.
    GivingUp,
}

/// A task.
#[derive(Debug)]
pub(crate) struct UnderWay {
    pub work: Work,
    pub since: Timestamp,
    task: AbortHandle,
}

/// The tasks, each by its batch.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    set: JoinSet<Done>,
    under_way: HashMap<u64, UnderWay>,
    ended: Vec<Result<(Id, Done), JoinError>>,
}

impl Tasks {
    /// Begins one. One of the same batch that is under way is given up.
    pub(crate) fn begin(
        &mut self,
        batch: u64,
        work: Work,
        now: Timestamp,
        task: impl Future<Output = Done> + Send + 'static,
    ) {
        let task = self.set.spawn(task);
        if let Some(before) = self.under_way.insert(batch, UnderWay { work, since: now, task }) {
            before.task.abort();
        }
    }

    /// What is under way for a batch.
    pub(crate) fn of(&self, batch: u64) -> Option<&UnderWay> {
        self.under_way.get(&batch)
    }

    /// Since when such tasks are under way, each.
    pub(crate) fn since(&self, work: Work) -> impl Iterator<Item = Timestamp> {
        self.under_way.values().filter(move |task| task.work == work).map(|task| task.since)
    }

    /// Waits until one has ended; for ever, where there is none.
    pub(crate) async fn wait(&mut self) {
        match self.set.join_next_with_id().await {
            Some(ended) => self.ended.push(ended),
            None => pending().await,
        }
    }

    /// Takes what has ended. A task that fell has come to nothing, and no more has one that was given up.
    pub(crate) fn take(&mut self) -> Vec<Done> {
        while let Some(ended) = self.set.try_join_next_with_id() {
            self.ended.push(ended);
        }
        let mut all = Vec::new();
        for ended in self.ended.drain(..) {
            let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
            let before = self.under_way.len();
            self.under_way.retain(|_, task| task.task.id() != id);
            match ended {
                Ok((_, done)) if self.under_way.len() < before => all.push(done),
                Err(error) if error.is_panic() => {
                    tracing::error!(%error, "a task of a batch fell; the batch is looked at again");
                }
                Ok(_) | Err(_) => {}
            }
        }
        all
    }

    /// Waits for the batches that are being sent: who is sent one half way never knows what became of it.
    pub(crate) async fn finish_creations(&mut self) {
        self.under_way.values().filter(|task| task.work != Work::Creation).for_each(|task| task.task.abort());
        while self.set.join_next().await.is_some() {}
    }
}
