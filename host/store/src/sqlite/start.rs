//! The first transaction of a life: what time it is, whether the database is the one that it should be, and
//! what is in force.

use super::columns::set_meta;
use super::evaluate::UPSTREAMS;
use super::events::EventOrder;
use super::mark::{Mark, Reached};
use super::policy::Policy;
use super::tx::Tx;
use super::{apart, brake, ledger_time, limits, prices, recovery};
use crate::{Recovered, StoreError};
use anvil_budget::PriceTable;
use anvil_types::{Timestamp, UpstreamKind};
use rusqlite::{Connection, TransactionBehavior};

/// How a life begins.
#[derive(Debug)]
pub(super) struct Start {
    /// Ledger time.
    pub(super) now: Timestamp,
    /// Which life it is.
    pub(super) lives: u64,
    /// The upstreams whose ledger is older than what its host had written.
    restored: Vec<UpstreamKind>,
    database: Reached,
    marked: Reached,
}

impl Start {
    /// Looks at the database and at the mark beside it.
    pub(super) fn of(
        conn: &Connection,
        mark: &Mark,
        clock: Timestamp,
        upstream: UpstreamKind,
    ) -> Result<Self, StoreError> {
        let mut database = Reached { lives: ledger_time::lives(conn)?, ..Reached::default() };
        for one in UPSTREAMS {
            database.times.insert(one, ledger_time::stored(conn, one)?);
        }
        let marked = mark.at().clone();
        let mut restored = marked.ahead_of(&database);
        // A mark of a version that knew one time for all.
        if marked.lives == 0 && !restored.is_empty() {
            restored = UPSTREAMS.to_vec();
        }
        if ledger_time::is_forgotten(conn, UpstreamKind::Simulated)? {
            restored.retain(|one| *one != UpstreamKind::Simulated);
        }
        let mut now = clock.max(ledger_time::floor(conn, upstream)?);
        if restored.contains(&upstream) {
            now = now.max(marked.time(upstream));
        }
        Ok(Self { now, lives: database.lives.max(marked.lives) + 1, restored, database, marked })
    }

    /// Ends what the host's earlier lives left behind and brings into force what is to be. Answers what was
    /// found, and what people are to know of what is in force.
    pub(super) fn begin(
        &self,
        conn: &mut Connection,
        policy: &mut Policy,
        order: &mut EventOrder,
        table: &PriceTable,
    ) -> Result<(Recovered, Vec<String>), StoreError> {
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        policy.reload(&transaction)?;
        let mut news = Vec::new();
        let mut tx = Tx::new(&transaction, self.now, policy, &mut news);
        let mut told = Vec::new();
        if ledger_time::take_set_back(&mut tx)? {
            told.push(
                "the ledger's time was set back, and the brake is engaged until a person releases it"
                    .to_owned(),
            );
        }
        for upstream in &self.restored {
            let (ends, marked) = (self.database.time(*upstream), self.marked.time(*upstream));
            let cause = brake::restored(tx.policy, *upstream, ends, marked, self.now);
            told.push(cause.reason.clone());
            brake::engage_for(&mut tx, *upstream, cause)?;
        }
        told.extend(apart::decide(&mut tx, table)?);
        told.extend(prices::judge_stored(&mut tx, table)?);
        limits::tell_cuts(&mut tx)?;
        told.extend(tx.policy.force.cuts.iter().map(ToString::to_string));
        let recovered = recovery::recover(&mut tx)?;
        ledger_time::begin(&tx, self.lives)?;
        order.write(&transaction, self.now, &mut news)?;
        set_meta(&transaction, ledger_time::key(policy.upstream), self.now.micros())?;
        transaction.commit()?;
        policy.touched = false;
        Ok((recovered, told))
    }
}
