//! What is held: the entries of the ledger whose calls are under way. They are few, so their sum is made
//! when it is wanted, and a hold moves no sum.

use crate::StoreError;
use crate::engine::{Db, params};
use anvil_budget::Windows;
use anvil_types::{Nanodollars, Scope, Timestamp, UpstreamKind};
use std::collections::BTreeMap;

/// The holds that stand.
pub(crate) const OPEN: &str = "SELECT held_at, agent, api_key, hold FROM calls INDEXED BY calls_open
    WHERE state = 'held' AND upstream = ?1";

/// Those of them that stand for batches.
pub(crate) const IN_BATCHES: &str = "SELECT held_at, agent, api_key, hold FROM calls INDEXED BY calls_open
    WHERE state = 'held' AND upstream = ?1 AND batched = 1";

/// One of them.
#[derive(Debug)]
struct Open {
    held_at: Timestamp,
    agent: Option<String>,
    api_key: Option<String>,
    amount: Nanodollars,
}

impl Open {
    fn counts_in(&self, scope: &Scope) -> bool {
        match scope {
            Scope::All => true,
            Scope::Agent(name) => self.agent.as_ref() == Some(name),
            Scope::ApiKey(name) => self.api_key.as_ref() == Some(name),
        }
    }
}

/// The holds of an upstream that stand.
#[derive(Debug)]
pub(crate) struct Held(Vec<Open>);

impl Held {
    /// Reads them.
    pub(crate) fn of(db: &Db, upstream: UpstreamKind) -> Result<Self, StoreError> {
        Self::read(db, OPEN, upstream)
    }

    /// Reads those that stand for batches.
    pub(crate) fn in_batches(db: &Db, upstream: UpstreamKind) -> Result<Self, StoreError> {
        Self::read(db, IN_BATCHES, upstream)
    }

    fn read(db: &Db, sql: &str, upstream: UpstreamKind) -> Result<Self, StoreError> {
        let open = db.all(sql, params![upstream.name()], |row| {
            Ok(Open {
                held_at: row.time(0)?,
                agent: row.get(1)?,
                api_key: row.get(2)?,
                amount: row.money(3)?,
            })
        })?;
        Ok(Self(open))
    }

    /// How much of a scope was taken at a time or later.
    pub(crate) fn since(&self, scope: &Scope, time: Timestamp) -> Nanodollars {
        let ours = |open: &&Open| open.held_at >= time && open.counts_in(scope);
        self.0.iter().filter(ours).fold(Nanodollars::ZERO, |sum, open| sum + open.amount)
    }

    /// All of it.
    pub(crate) fn all(&self) -> Nanodollars {
        self.since(&Scope::All, Timestamp::default())
    }

    /// How much of a scope was taken in each minute from one on.
    pub(crate) fn by_minute(&self, scope: &Scope, from: Timestamp) -> BTreeMap<Timestamp, Nanodollars> {
        let mut minutes = BTreeMap::new();
        for open in self.0.iter().filter(|open| open.held_at >= from && open.counts_in(scope)) {
            *minutes.entry(Windows::bucket(open.held_at)).or_insert(Nanodollars::ZERO) += open.amount;
        }
        minutes
    }
}
