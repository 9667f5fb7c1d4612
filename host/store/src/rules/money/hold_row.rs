//! A hold's row.

use crate::StoreError;
use crate::engine::{Id, Row};
use crate::rules::money::spend;
use anvil_types::{CallId, CallState, JobId, Nanodollars, Scope, Timestamp, UpstreamKind};

/// A hold by its id alone.
pub(crate) const FIND: &str =
    "SELECT id, upstream, state, held_at, job, agent, hold, api_key, model, cost FROM calls
    WHERE upstream IN ('live', 'simulated') AND id = ?1";

/// A hold as its row has it.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) id: CallId,
    pub(crate) upstream: UpstreamKind,
    pub(crate) state: CallState,
    pub(crate) held_at: Timestamp,
    pub(crate) job: Option<JobId>,
    pub(crate) agent: Option<String>,
    pub(crate) amount: Nanodollars,
    pub(crate) api_key: Option<String>,
    pub(crate) model: String,
    pub(crate) cost: Nanodollars,
}

impl Hold {
    /// Reads a row that begins with the columns of [`FIND`].
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: CallId::from_bytes(row.get(0)?),
            upstream: row.word(1)?,
            state: row.word(2)?,
            held_at: Timestamp::from_micros(row.get(3)?),
            job: row.get::<Option<[u8; 16]>>(4)?.map(JobId::from_bytes),
            agent: row.get(5)?,
            amount: Nanodollars::new(row.get(6)?),
            api_key: row.get(7)?,
            model: row.get(8)?,
            cost: Nanodollars::new(row.get(9)?),
        })
    }

    /// The scopes that it falls under.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        spend::scopes(self.agent.as_deref(), self.api_key.as_deref())
    }
}
