//! The statements of a hold and its settlement, run bare: one thread, one transaction for as many as
//! come at once, nothing decided, nobody answered. What the store is measured against.

use crate::engine::{Db, Id, Params, number, params};
use crate::rules::events;
use crate::rules::jobs::{journal, transition};
use crate::rules::money::asked::AskerColumns;
use crate::rules::money::{hold, hold_row, settle, spend, usage_hours};
use crate::sqlite::{connect, lock};
use crate::{HoldRequest, Settlement, SettlementOutcome, StoreError};
use anvil_budget::Windows;
use anvil_types::{CallId, EventKind, JobId, Lease, Nanodollars, Timestamp};
use std::path::Path;

/// A connection with the store's settings, and nothing else of the store.
#[derive(Debug)]
pub struct Bare {
    db: Db,
    event: i64,
}

impl Bare {
    /// Opens the database of a store that is closed.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let db = connect::writing(&lock::database(folder))?;
        let event = db.one("SELECT max(seq) FROM events", params![], |row| row.get(0))?;
        Ok(Self { db, event })
    }

    /// All that granting these holds asks and writes, in one transaction.
    pub fn holds(&mut self, now: Timestamp, requests: &[HoldRequest]) -> Result<(), StoreError> {
        self.run("BEGIN IMMEDIATE", params![])?;
        for request in requests {
            let upstream = request.upstream.name();
            let lease = request.asker.as_job().ok_or(StoreError::Closed)?.lease;
            let asker = AskerColumns::of(&request.asker);
            self.ask(hold::GRANTED_BEFORE, params![upstream, request.id.bytes()])?;
            let job = self.ask(hold::JUDGE_JOB, [lease.job.bytes()])?;
            self.run(
                hold::INSERT,
                params![
                    upstream,
                    request.id.bytes(),
                    now.micros(),
                    asker.job,
                    asker.agent,
                    asker.attempt,
                    asker.position,
                    asker.api_key,
                    asker.session,
                    None::<String>,
                    request.tier_asked.name(),
                    request.tier_given.name(),
                    request.model,
                    request.price_row,
                    request.amount.get(),
                    asker.lease,
                    [0_u8; 16],
                    [0_u8; 16],
                    None::<String>,
                    None::<String>,
                ],
            )?;
            self.run(hold::COUNT_ON_JOB, params![job, request.amount.get()])?;
            self.tell(now, lease.job, &EventKind::Held { call: request.id, hold: request.amount })?;
        }
        self.commit()
    }

    /// All that these settlements ask and write, in one transaction.
    pub fn settlements(&mut self, now: Timestamp, settlements: &[Settlement]) -> Result<(), StoreError> {
        self.run("BEGIN IMMEDIATE", params![])?;
        for settlement in settlements {
            let (Some(write), SettlementOutcome::Usage { usage, cost }) =
                (&settlement.journal, &settlement.outcome)
            else {
                return Err(StoreError::Closed);
            };
            let Lease { job, number: lease } = write.lease;
            self.ask(hold_row::FIND, [settlement.call.bytes()])?;
            let seq = self.ask(journal::UNDER_LEASE, params![job.bytes(), number(lease)])?;
            self.run(
                settle::END,
                params![
                    "simulated",
                    settlement.call.bytes(),
                    "settled",
                    now.micros(),
                    cost.get(),
                    number(usage.input_tokens),
                    number(usage.output_tokens),
                    0,
                    0,
                    0,
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    settlement.detail,
                    None::<String>,
                    0,
                    None::<String>,
                    None::<i64>,
                    None::<i64>,
                    None::<i64>,
                    None::<String>,
                    None::<i64>,
                    None::<i64>,
                ],
            )?;
            self.add("simulated", Some("code-generator"), now, *cost)?;
            let hour = now.micros().div_euclid(3_600_000_000) * 3_600_000_000;
            self.run(
                usage_hours::ADD,
                params![
                    "simulated",
                    hour,
                    "code-generator",
                    "",
                    "claude-haiku-5-5",
                    1,
                    cost.get(),
                    0,
                    number(usage.input_tokens),
                    number(usage.output_tokens),
                    0,
                    0,
                    0,
                    0
                ],
            )?;
            self.run(settle::COUNT_ON_JOB, params![job.bytes(), cost.get(), cost.get(), 0, true])?;
            let entry = &write.entry;
            self.run(
                journal::PUT,
                params![
                    seq,
                    entry.position,
                    entry.kind.name(),
                    entry.request_hash,
                    entry.answer.as_str(),
                    entry.at.micros()
                ],
            )?;
            self.ask(transition::PARKED, ["simulated", "holds"])?;
            self.tell_settled(now, job, settlement.call, *cost)?;
        }
        self.commit()
    }

    fn tell_settled(
        &mut self,
        now: Timestamp,
        job: JobId,
        call: CallId,
        cost: Nanodollars,
    ) -> Result<(), StoreError> {
        self.tell(now, job, &EventKind::Settled { call, cost, unknown: false })
    }

    fn tell(&mut self, now: Timestamp, job: JobId, kind: &EventKind) -> Result<(), StoreError> {
        self.event += 1;
        let text = serde_json::to_string(kind).map_err(|error| StoreError::Backend(Box::new(error)))?;
        self.run(events::INSERT, params![self.event, now.micros(), job.bytes(), text])
    }

    fn add(
        &self,
        upstream: &str,
        agent: Option<&str>,
        now: Timestamp,
        settled: Nanodollars,
    ) -> Result<(), StoreError> {
        let minute = Windows::bucket(now).micros();
        let agent = agent.map(|agent| format!("agent:{agent}"));
        for scope in agent.as_deref().into_iter().chain(["all"]) {
            self.run(spend::ADD, params![upstream, scope, minute, 0, 0, settled.get(), 0])?;
        }
        Ok(())
    }

    fn commit(&self) -> Result<(), StoreError> {
        self.run("COMMIT", params![])
    }

    fn run(&self, sql: &str, params: impl Params) -> Result<(), StoreError> {
        self.db.run(sql, params).map(drop)
    }

    /// Runs a query to its end; answers the first number of its first row, where it is one.
    fn ask(&self, sql: &str, params: impl Params) -> Result<i64, StoreError> {
        let mut answer = 0;
        self.db.each(sql, params, |row| {
            answer = row.get::<i64>(0).unwrap_or(answer);
            Ok(())
        })?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::SqliteStore;
    use crate::sqlite::faults::{claim, job, options};
    use crate::testing::{attempt, hold_request};
    use crate::{JournalEntry, JournalKind, JournalWrite, QueueStore as _, ReadingStore as _};
    use anvil_types::{Json, SystemClock, UpstreamKind, Usage};
    use std::sync::Arc;

    /// The statements are the store's own: where one of them changes, what they are given has to change with it.
    #[tokio::test]
    async fn the_bare_statements_write_what_the_store_reads() {
        let dir = tempfile::tempdir().expect("a folder");
        let now = Timestamp::from_secs(1_800_000_000);
        let open = || SqliteStore::open(options(dir.path(), Arc::new(SystemClock::new()))).expect("it opens");
        let store = open();
        store.enqueue(job(1, "agent")).await.expect("room");
        let lease = store.claim(claim(1)).await.expect("a claim works").remove(0).lease;
        drop(store);
        let id = CallId::new(now, 1);
        let asker = attempt(lease, "code-generator", 0);
        let request = hold_request(id, asker, Nanodollars::new(5_000_000));
        let cost = Nanodollars::new(3_000_000);
        let usage = Usage { input_tokens: 1_000, output_tokens: 500, ..Usage::default() };
        let entry = JournalEntry {
            position: 0,
            kind: JournalKind::Call,
            request_hash: [7; 32],
            answer: Json::null(),
            at: now,
        };
        let settlement = Settlement {
            call: id,
            outcome: SettlementOutcome::Usage { usage, cost },
            detail: None,
            model: None,
            cache: anvil_types::CacheEffect::default(),
            compression: None,
            journal: Some(JournalWrite { lease, entry }),
            keep: None,
        };
        let mut bare = Bare::open(dir.path()).expect("it opens");
        bare.holds(now, &[request]).expect("written");
        bare.settlements(now, &[settlement]).expect("written");
        drop(bare);
        let ledger = open().ledger(UpstreamKind::Simulated, None, 9).await.expect("a read works");
        assert_eq!(ledger.iter().map(|call| (call.id, call.cost)).collect::<Vec<_>>(), [(id, cost)]);
    }
}
