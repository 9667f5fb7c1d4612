//! The first transaction of a life: what time it is, whether the database is the one that it should be, and
//! what is in force.

use crate::engine::{Db, set_meta};
use crate::rules::events::EventOrder;
use crate::rules::jobs::recovery;
use crate::rules::money::{brake, ledger_time, limits, prices};
use crate::rules::policy::Policy;
use crate::rules::tx::Tx;
use crate::rules::{apart, reload};
use crate::sqlite::high_water_mark::{Mark, Reached};
use crate::{Recovered, StoreError};
use anvil_budget::PriceTable;
use anvil_types::{Timestamp, UpstreamKind};

/// How a life begins.
#[derive(Debug)]
pub(crate) struct Start {
    /// Ledger time.
    pub(crate) now: Timestamp,
    /// Which life it is.
    pub(crate) lives: u64,
    /// The upstreams whose ledger is older than what its host had written.
    restored: Vec<UpstreamKind>,
    database: Reached,
    marked: Reached,
}

impl Start {
    /// Looks at the database and at the mark beside it.
    pub(crate) fn of(
        db: &Db,
        mark: &Mark,
        clock: Timestamp,
        upstream: UpstreamKind,
    ) -> Result<Self, StoreError> {
        let mut database = Reached { lives: ledger_time::lives(db)?, ..Reached::default() };
        for one in UpstreamKind::ALL {
            database.times.insert(one, ledger_time::stored(db, one)?);
        }
        let marked = mark.at().clone();
        let mut restored = marked.ahead_of(&database);
        // A mark of a version that knew one time for all.
        if marked.lives == 0 && !restored.is_empty() {
            restored = UpstreamKind::ALL.to_vec();
        }
        if ledger_time::is_forgotten(db, UpstreamKind::Simulated)? {
            restored.retain(|one| *one != UpstreamKind::Simulated);
        }
        let mut now = clock.max(ledger_time::floor(db, upstream)?);
        if restored.contains(&upstream) {
            now = now.max(marked.time(upstream));
        }
        Ok(Self { now, lives: database.lives.max(marked.lives) + 1, restored, database, marked })
    }

    /// Ends what the host's earlier lives left behind and brings into force what is to be. Answers what was
    /// found, and what people are to know of what is in force.
    pub(crate) fn begin(
        &self,
        db: &Db,
        policy: &mut Policy,
        order: &mut EventOrder,
        table: &PriceTable,
    ) -> Result<(Recovered, Vec<String>), StoreError> {
        let begun = db.in_transaction(|db| self.begun(db, policy, order, table))?;
        policy.touched = false;
        Ok(begun)
    }

    fn begun(
        &self,
        db: &Db,
        policy: &mut Policy,
        order: &mut EventOrder,
        table: &PriceTable,
    ) -> Result<(Recovered, Vec<String>), StoreError> {
        reload::everything(policy, db)?;
        let mut news = Vec::new();
        let mut tx = Tx::new(db, self.now, policy, &mut news);
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
        order.write(db, self.now, &mut news)?;
        set_meta(db, ledger_time::key(policy.upstream), self.now.micros())?;
        Ok((recovered, told))
    }
}
