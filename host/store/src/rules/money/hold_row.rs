//! A hold's row.

use crate::StoreError;
use crate::engine::{Id, Row};
use crate::rules::money::asked::Asked;
use anvil_types::{CallId, CallState, Nanodollars, Scope, Timestamp, UpstreamKind};

/// The query for holds, with what follows their columns.
macro_rules! select_holds {
    ($rest:literal) => {
        concat!(
            "SELECT id, upstream, state, held_at, hold, model, cost, job, agent, attempt, position, api_key, session,
             batched",
            $rest
        )
    };
}
pub(crate) use select_holds;

/// A hold by its id alone.
pub(crate) const FIND: &str =
    select_holds!(" FROM calls WHERE upstream IN ('live', 'simulated') AND id = ?1");

/// A hold as its row has it.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) id: CallId,
    pub(crate) upstream: UpstreamKind,
    pub(crate) state: CallState,
    pub(crate) held_at: Timestamp,
    pub(crate) asked: Asked,
    pub(crate) amount: Nanodollars,
    pub(crate) model: String,
    pub(crate) cost: Nanodollars,
    /// Whether it is a batch's: it is no use of the week, and no start of a host ends it.
    pub(crate) batched: bool,
}

impl Hold {
    /// Reads a row of [`select_holds`].
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: CallId::from_bytes(row.get(0)?),
            upstream: row.word(1)?,
            state: row.word(2)?,
            held_at: Timestamp::from_micros(row.get(3)?),
            amount: Nanodollars::new(row.get(4)?),
            model: row.get(5)?,
            cost: Nanodollars::new(row.get(6)?),
            asked: Asked::read(row, 7)?,
            batched: row.get::<u32>(13)? > 0,
        })
    }

    /// The scopes that it falls under.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        self.asked.scopes()
    }
}
