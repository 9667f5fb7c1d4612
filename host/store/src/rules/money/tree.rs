//! The money of a tree of jobs, read out of the jobs' own rows: there is no second sum that could go wrong, and what
//! is settled late or corrected counts where it should.
//!
//! A tree has few jobs, and one that leads none has none of this to pay for.

use crate::StoreError;
use crate::engine::Db;
use anvil_budget::{Branching, charge};
use anvil_types::Nanodollars;

/// The jobs that one leads.
pub(crate) const LED: &str = "SELECT seq, finished_at IS NULL, cost + held, max_cost, leads FROM jobs
     INDEXED BY jobs_by_lead WHERE lead = ?1";
/// What a job has of its cap, and what it spent and holds itself.
const OWN: &str = "SELECT max_cost, cost + held FROM jobs WHERE seq = ?1";
/// What a job spent with all below it.
pub(crate) const SPENT: &str = "WITH RECURSIVE tree (seq) AS (
         SELECT ?1 UNION ALL SELECT led.seq FROM tree CROSS JOIN jobs led INDEXED BY jobs_by_lead ON led.lead = tree.seq
     ) SELECT coalesce(sum(jobs.cost), 0) FROM tree CROSS JOIN jobs ON jobs.seq = tree.seq";

/// What the jobs that one leads count as against its cap.
pub(crate) fn below(db: &Db, lead: i64) -> Result<Nanodollars, StoreError> {
    let led: Vec<(i64, bool, Nanodollars, Nanodollars, u32)> =
        db.all(LED, [lead], |row| Ok((row.get(0)?, row.get(1)?, row.money(2)?, row.money(3)?, row.get(4)?)))?;
    let mut sum = Nanodollars::ZERO;
    for (seq, open, own, cap, leads) in led {
        let used = if leads > 0 { own + below(db, seq)? } else { own };
        sum += charge(cap, used, if open { Branching::Open } else { Branching::Over });
    }
    Ok(sum)
}

/// What a job spent and holds, with what those that it leads count as.
pub(crate) fn used(db: &Db, job: i64) -> Result<Nanodollars, StoreError> {
    let (_, own) = own(db, job)?;
    Ok(own + below(db, job)?)
}

/// What is left for a job and those that it may still make.
pub(crate) fn left(db: &Db, job: i64) -> Result<Nanodollars, StoreError> {
    let (cap, own) = own(db, job)?;
    Ok(cap.less(own + below(db, job)?))
}

/// What a job has cost, with all below it.
pub(crate) fn spent(db: &Db, job: i64) -> Result<Nanodollars, StoreError> {
    db.one(SPENT, [job], |row| row.money(0))
}

fn own(db: &Db, job: i64) -> Result<(Nanodollars, Nanodollars), StoreError> {
    db.one(OWN, [job], |row| Ok((row.money(0)?, row.money(1)?)))
}
