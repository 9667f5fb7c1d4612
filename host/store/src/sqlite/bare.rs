//! The statements of a hold and its settlement, run bare: one thread, one transaction for as many as
//! come at once, nothing decided, nobody answered. What the store is measured against.

use crate::engine::{Db, Id, Params, number, params};
use crate::rules::events;
use crate::rules::jobs::{journal, transition};
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
            let lease = request.lease.ok_or(StoreError::Closed)?;
            self.ask(hold::GRANTED_BEFORE, params![upstream, request.id.bytes()])?;
            let job = self.ask(hold::JUDGE_JOB, [lease.job.bytes()])?;
            self.run(
                hold::INSERT,
                params![
                    upstream,
                    request.id.bytes(),
                    now.micros(),
                    lease.job.bytes(),
                    request.agent,
                    request.attempt,
                    request.position,
                    request.api_key,
                    request.session,
                    None::<String>,
                    request.tier_asked.name(),
                    request.tier_given.name(),
                    request.model,
                    request.price_row,
                    request.amount.get(),
                    number(lease.number),
                    [0_u8; 16],
                    [0_u8; 16],
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
            self.ask(transition::PARKED, ["holds"])?;
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
