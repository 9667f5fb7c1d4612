//! The store's operations, each one command to the writer or one short read.

use super::columns::{meta, set_meta};
use super::{
    SqliteStore, actions, alerts, artifacts, audit, brake, claim, correct, edit, enqueue, evaluate, events,
    finish, hold, import, journal, ledger, ledger_time, limits, logs, moves, parents, pause, prices, prune,
    queries, recovery, schedules, scope_limits, settle, spend, trouble, usage, verify, wall_clock, webhooks,
};
use crate::{
    ActionPlan, ActionRun, ActionStep, AlertFilter, AlertPage, AuditEntry, BrakeHistory, BrakeState, Claim,
    Claimed, Correction, DeliveryFilter, DeliveryTried, DueDelivery, Enqueued, Finish, Fired, Firing,
    HoldDecision, HoldRequest, Imported, ImportedJob, JobEdit, JobFilter, JobPage, JournalEntry,
    JournalWrite, LedgerFilter, LedgerPage, LedgerTotals, LimitsInForce, LostLeases, NewAction, NewAlert,
    PriceChange, Pruned, QueueCounts, QueuePause, Recovered, Retention, ScopeLimit, ScopeStanding, Settled,
    Settlement, SpendSnapshot, Store, StoreError, Taken, UsageSum, Wiped,
};
use anvil_budget::{BrakeCause, WindowKind, WindowLimits, Windows};
use anvil_types::{
    Alert, AlertId, ArtifactInfo, ArtifactName, Attempt, CallId, CallRecord, Delivery, DeliveryId, Event,
    EventKind, Job, JobAction, JobActionId, JobId, JobState, Lease, Limits, LimitsPatch, LogLine,
    Nanodollars, NewJob, ParentResult, Relatives, Schedule, Scope, Timestamp, UpstreamKind, Wait, WaitReason,
    Webhook,
};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

#[async_trait]
impl Store for SqliteStore {
    async fn enqueue(&self, job: NewJob) -> Result<Enqueued, StoreError> {
        self.write(move |tx| enqueue::enqueue(tx, &job)).await
    }

    async fn enqueue_and_claim(
        &self,
        job: NewJob,
        claim: Claim,
    ) -> Result<(Enqueued, Vec<Claimed>), StoreError> {
        self.write(move |tx| Ok((enqueue::enqueue(tx, &job)?, claim::beside(tx, &claim)?))).await
    }

    async fn enqueue_many(&self, jobs: Vec<NewJob>) -> Result<Vec<Result<Taken, StoreError>>, StoreError> {
        self.write(move |tx| enqueue::enqueue_many(tx, jobs)).await
    }

    async fn import_jobs(
        &self,
        jobs: Vec<ImportedJob>,
        note: Option<(&str, &str)>,
    ) -> Result<Vec<Result<Imported, StoreError>>, StoreError> {
        let note = note.map(|(by, what)| (by.to_owned(), what.to_owned()));
        self.write_alone(move |tx| {
            import::import(tx, &jobs, note.as_ref().map(|(by, what)| (by.as_str(), what.as_str())))
        })
        .await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        self.write(move |tx| claim::claim(tx, &claim)).await
    }

    async fn heartbeat(&self, leases: Vec<Lease>, lease_for: Duration) -> Result<LostLeases, StoreError> {
        self.write(move |tx| finish::heartbeat(tx, &leases, lease_for)).await
    }

    async fn park(&self, lease: Lease, wait: Wait) -> Result<(), StoreError> {
        self.write(move |tx| finish::park(tx, lease, &wait)).await
    }

    async fn finish(&self, lease: Lease, finish: Finish) -> Result<JobState, StoreError> {
        self.write(move |tx| finish::finish(tx, lease, &finish)).await
    }

    async fn finish_and_claim(
        &self,
        lease: Lease,
        finish: Finish,
        claim: Claim,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.write(move |tx| {
            finish::finish(tx, lease, &finish)?;
            claim::beside(tx, &claim)
        })
        .await
    }

    async fn cancel(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| finish::cancel(tx, job, &by)).await
    }

    async fn retry(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| finish::retry(tx, job, &by)).await
    }

    async fn resume_job(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| finish::resume_one(tx, job, &by)).await
    }

    async fn edit_job(&self, job: JobId, edit: JobEdit, by: &str) -> Result<Job, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| edit::edit(tx, job, &edit, &by)).await
    }

    async fn resume(&self, reasons: &[WaitReason], agent: Option<&str>) -> Result<u64, StoreError> {
        let (reasons, agent) = (reasons.to_vec(), agent.map(str::to_owned));
        self.write(move |tx| moves::resume(tx, &reasons, agent.as_deref())).await
    }

    async fn plan_action(&self, action: JobAction, filter: JobFilter) -> Result<ActionPlan, StoreError> {
        let filter = self.of_this_upstream(filter);
        if filter.search.is_some() {
            return self.plan_of_search(action, &filter).await;
        }
        self.readers.read(move |conn| actions::plan(conn, action, &filter)).await
    }

    async fn begin_action(&self, mut action: NewAction) -> Result<ActionRun, StoreError> {
        action.filter = self.of_this_upstream(action.filter);
        let planned = self.plan_action(action.action, action.filter.clone()).await?.touched;
        self.write(move |tx| actions::begin(tx, &action, planned)).await
    }

    async fn step_action(&self, id: JobActionId) -> Result<ActionStep, StoreError> {
        let placed = self.readers.read(move |conn| actions::one(conn, id)).await?;
        match self.next_of_action(&placed).await? {
            Some(jobs) => self.write(move |tx| actions::step(tx, &placed, &jobs)).await,
            None => self.write(move |tx| actions::wait(tx, id, "the search is catching up")).await,
        }
    }

    async fn stop_action(&self, id: JobActionId, by: &str) -> Result<ActionRun, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| actions::stop(tx, id, &by)).await
    }

    async fn action(&self, id: JobActionId) -> Result<ActionRun, StoreError> {
        self.readers.read(move |conn| Ok(actions::one(conn, id)?.run)).await
    }

    async fn actions(&self, after: Option<JobActionId>, limit: u32) -> Result<Vec<ActionRun>, StoreError> {
        self.readers.read(move |conn| actions::list(conn, after, limit)).await
    }

    async fn running_actions(&self) -> Result<Vec<JobActionId>, StoreError> {
        self.readers.read(actions::running).await
    }

    async fn prune(&self, retention: Retention) -> Result<Pruned, StoreError> {
        self.write(move |tx| prune::prune(tx, &retention)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| queries::next_due(conn, upstream)).await
    }

    async fn set_queue_pause(
        &self,
        reason: Option<&str>,
        by: &str,
    ) -> Result<Option<QueuePause>, StoreError> {
        let (reason, by) = (reason.map(str::to_owned), by.to_owned());
        self.write(move |tx| pause::set(tx, reason.as_deref(), &by)).await
    }

    async fn queue_pause(&self) -> Result<Option<QueuePause>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| pause::get(conn, upstream)).await
    }

    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| schedules::list(conn, upstream)).await
    }

    async fn schedule(&self, name: &str) -> Result<Option<Schedule>, StoreError> {
        let (upstream, name) = (self.upstream, name.to_owned());
        self.readers.read(move |conn| schedules::get(conn, upstream, &name)).await
    }

    async fn put_schedule(&self, schedule: Schedule, by: &str) -> Result<Schedule, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| schedules::put(tx, &schedule, &by)).await
    }

    async fn delete_schedule(&self, name: &str, by: &str) -> Result<bool, StoreError> {
        let (name, by) = (name.to_owned(), by.to_owned());
        self.write(move |tx| schedules::delete(tx, &name, &by)).await
    }

    async fn due_schedules(&self, upstream: UpstreamKind) -> Result<Vec<Schedule>, StoreError> {
        let now = self.now();
        self.readers.read(move |conn| schedules::due(conn, upstream, now)).await
    }

    async fn next_schedule(&self, upstream: UpstreamKind) -> Result<Option<Timestamp>, StoreError> {
        self.readers.read(move |conn| schedules::next(conn, upstream)).await
    }

    async fn fire_schedule(&self, firing: Firing) -> Result<Fired, StoreError> {
        self.write(move |tx| schedules::fire(tx, firing)).await
    }

    async fn schedule_jobs(&self, name: &str, limit: u32) -> Result<Vec<Job>, StoreError> {
        let (upstream, name) = (self.upstream, name.to_owned());
        self.readers.read(move |conn| schedules::jobs(conn, upstream, &name, limit)).await
    }

    async fn journal(&self, write: JournalWrite) -> Result<(), StoreError> {
        self.write(move |tx| journal::write(tx, &write)).await
    }

    async fn journal_cut(&self, lease: Lease, from: u32) -> Result<(), StoreError> {
        self.write(move |tx| journal::cut(tx, lease, from)).await
    }

    async fn journal_batch(&self, lease: Lease, first: u32, last: u32) -> Result<(), StoreError> {
        self.write(move |tx| journal::batch(tx, lease, first, last)).await
    }

    async fn note_wait(&self, lease: Lease) -> Result<(), StoreError> {
        self.write(move |tx| journal::note_wait(tx, lease)).await
    }

    async fn progress(&self, lease: Lease, fraction: f64, line: &str) -> Result<(), StoreError> {
        let line = line.to_owned();
        self.write(move |tx| logs::progress(tx, lease, fraction, &line)).await
    }

    async fn append_log(&self, lease: Lease, lines: Vec<LogLine>) -> Result<(), StoreError> {
        self.write(move |tx| logs::append(tx, lease, &lines)).await
    }

    async fn put_artifact(
        &self,
        lease: Lease,
        name: ArtifactName,
        media_type: String,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.write_alone(move |tx| artifacts::put(tx, lease, &name, &media_type, &bytes)).await
    }

    async fn hold(&self, request: HoldRequest) -> Result<HoldDecision, StoreError> {
        self.write(move |tx| hold::hold(tx, &request)).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        self.write(move |tx| settle::settle(tx, &settlement)).await
    }

    async fn correct(&self, correction: Correction) -> Result<CallRecord, StoreError> {
        self.write(move |tx| correct::correct(tx, &correction)).await
    }

    async fn spend(&self, upstream: UpstreamKind) -> Result<SpendSnapshot, StoreError> {
        let (limits, windows, now) = (self.shared.limits(), self.windows.clone(), self.now());
        self.readers.read(move |conn| spend::snapshot(conn, upstream, &limits.limits, &windows, now)).await
    }

    async fn limits(&self) -> Result<LimitsInForce, StoreError> {
        Ok((*self.shared.limits()).clone())
    }

    async fn set_limits(
        &self,
        patch: LimitsPatch,
        reset: &[String],
        by: &str,
    ) -> Result<LimitsInForce, StoreError> {
        let (reset, by) = (reset.to_vec(), by.to_owned());
        self.write(move |tx| {
            let force = limits::change(tx, &patch, &reset, &by)?;
            recovery::remember_limits(tx)?;
            Ok(force)
        })
        .await
    }

    async fn judge_limits(&self, patch: &LimitsPatch, reset: &[String]) -> Result<Limits, StoreError> {
        limits::judged(&self.shared.limits(), &self.base, &*self.rule, patch, reset)
    }

    async fn scope_limits(&self) -> Result<Vec<ScopeLimit>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| scope_limits::list(conn, upstream)).await
    }

    async fn set_scope_limits(
        &self,
        scope: Scope,
        set: WindowLimits,
        unset: &[WindowKind],
        by: &str,
    ) -> Result<Vec<ScopeLimit>, StoreError> {
        let (unset, by) = (unset.to_vec(), by.to_owned());
        self.write(move |tx| scope_limits::change(tx, &scope, &set, &unset, &by)).await
    }

    async fn scope_spend(&self, upstream: UpstreamKind) -> Result<Vec<ScopeStanding>, StoreError> {
        let (windows, now) = (self.windows.clone(), self.now());
        self.readers.read(move |conn| spend::scope_standings(conn, upstream, &windows, now)).await
    }

    async fn verify_sums(&self) -> Result<Vec<String>, StoreError> {
        self.write(verify::verify).await
    }

    async fn set_ledger_time_back(&self, by: &str, reason: &str) -> Result<Timestamp, StoreError> {
        let (clock, by, reason) = (self.clock.clone(), by.to_owned(), reason.to_owned());
        self.write(move |tx| ledger_time::set_back(tx, &*clock, &by, &reason)).await
    }

    async fn wipe_simulated(&self, by: &str) -> Result<Wiped, StoreError> {
        self.wipe(by).await
    }

    async fn look(&self) -> Result<(), StoreError> {
        // Every window begins and ends with a minute.
        if !self.shared.begins_minute(self.now()) {
            return Ok(());
        }
        let wall = self.clock.wall();
        self.write(move |tx| {
            evaluate::evaluate_all(tx)?;
            trouble::look(tx)?;
            wall_clock::look(tx, wall)
        })
        .await
    }

    async fn prices(&self) -> Result<Vec<PriceChange>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| prices::list(conn, upstream)).await
    }

    async fn set_price(&self, price: anvil_budget::NewPrice, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.write(move |tx| prices::put(tx, &price, &by)).await
    }

    async fn reset_price(&self, id: &str, by: &str) -> Result<bool, StoreError> {
        let (id, by) = (id.to_owned(), by.to_owned());
        self.write(move |tx| prices::reset(tx, &id, &by)).await
    }

    async fn brake(&self) -> Result<BrakeState, StoreError> {
        let brake = self.shared.brake();
        let now = self.now();
        if !brake.causes.iter().any(|cause| brake::is_over(cause, now)) {
            return Ok(brake);
        }
        self.write(|tx| {
            evaluate::evaluate_all(tx)?;
            Ok(tx.policy.brake())
        })
        .await
    }

    async fn engage_brake(&self, cause: BrakeCause) -> Result<BrakeState, StoreError> {
        self.write(move |tx| brake::engage(tx, cause)).await
    }

    async fn release_brake(&self, by: &str, reason: &str) -> Result<BrakeState, StoreError> {
        let (by, reason) = (by.to_owned(), reason.to_owned());
        self.write(move |tx| brake::release(tx, &by, &reason)).await
    }

    async fn account_answers(&self, reason: &str) -> Result<BrakeState, StoreError> {
        let reason = reason.to_owned();
        self.write(move |tx| brake::account_answers(tx, &reason)).await
    }

    async fn open_holds(&self) -> Result<Vec<CallId>, StoreError> {
        self.readers.read(ledger::open_holds).await
    }

    async fn raise_alert(&self, alert: NewAlert) -> Result<Option<AlertId>, StoreError> {
        self.write(move |tx| alerts::raise(tx, &alert)).await
    }

    async fn resolve_alert(&self, key: &str) -> Result<Option<AlertId>, StoreError> {
        let (upstream, key) = (self.upstream, key.to_owned());
        self.write(move |tx| alerts::resolve(tx, upstream, &key)).await
    }

    async fn acknowledge_alert(&self, id: AlertId, by: &str, note: &str) -> Result<Alert, StoreError> {
        let (by, note) = (by.to_owned(), note.to_owned());
        self.write(move |tx| alerts::acknowledge(tx, id, &by, &note)).await
    }

    async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        self.readers.read(move |conn| alerts::get(conn, id)).await
    }

    async fn alerts(&self, filter: AlertFilter) -> Result<AlertPage, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| alerts::list(conn, upstream, &filter)).await
    }

    async fn firing_alerts(&self) -> Result<u64, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| alerts::firing(conn, upstream)).await
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        self.readers.read(webhooks::list).await
    }

    async fn put_webhook(&self, webhook: Webhook, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.write(move |tx| webhooks::put(tx, &webhook, &by)).await
    }

    async fn test_webhook(&self, name: &str, by: &str) -> Result<Delivery, StoreError> {
        let (name, by) = (name.to_owned(), by.to_owned());
        self.write(move |tx| webhooks::test(tx, &name, &by)).await
    }

    async fn delete_webhook(&self, name: &str, by: &str) -> Result<bool, StoreError> {
        let (name, by) = (name.to_owned(), by.to_owned());
        self.write(move |tx| webhooks::delete(tx, &name, &by)).await
    }

    async fn due_deliveries(&self, webhook: &str, limit: u32) -> Result<Vec<DueDelivery>, StoreError> {
        let (upstream, webhook, now) = (self.upstream, webhook.to_owned(), self.now());
        self.readers.read(move |conn| webhooks::due(conn, upstream, &webhook, now, limit)).await
    }

    async fn next_deliveries(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| webhooks::next_due(conn, upstream)).await
    }

    async fn delivery_tried(&self, tried: DeliveryTried) -> Result<(), StoreError> {
        self.write(move |tx| webhooks::tried(tx, &tried)).await
    }

    async fn redeliver(&self, id: DeliveryId, by: &str) -> Result<Delivery, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| webhooks::redeliver(tx, id, &by)).await
    }

    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        self.readers.read(move |conn| webhooks::deliveries(conn, &filter)).await
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.readers.read(move |conn| queries::job(conn, id)).await
    }

    async fn jobs(&self, filter: JobFilter) -> Result<JobPage, StoreError> {
        if let Some(typed) = filter.search.clone() {
            return self.search.page(&self.readers, filter, &typed).await;
        }
        if queries::crosses_tags(&filter)
            && let Some(page) = self.search.page_of_tag(&self.readers, &filter).await?
        {
            return Ok(page);
        }
        self.readers.read(move |conn| queries::jobs(conn, &filter)).await
    }

    async fn front(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| queries::front(conn, upstream, limit)).await
    }

    async fn parents(&self, job: JobId) -> Result<Vec<ParentResult>, StoreError> {
        self.readers.read(move |conn| parents::results(conn, job)).await
    }

    async fn relatives(&self, job: JobId) -> Result<Relatives, StoreError> {
        self.readers.read(move |conn| parents::relatives(conn, job)).await
    }

    async fn attempts(&self, job: JobId) -> Result<Vec<Attempt>, StoreError> {
        self.readers.read(move |conn| queries::attempts(conn, job)).await
    }

    async fn journal_of(&self, job: JobId) -> Result<Vec<JournalEntry>, StoreError> {
        self.readers.read(move |conn| journal::of(conn, job)).await
    }

    async fn calls(&self, job: JobId) -> Result<Vec<CallRecord>, StoreError> {
        self.readers.read(move |conn| ledger::of_job(conn, job)).await
    }

    async fn ledger_page(
        &self,
        upstream: UpstreamKind,
        filter: LedgerFilter,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<LedgerPage, StoreError> {
        self.readers.read(move |conn| ledger::page(conn, upstream, &filter, after, limit)).await
    }

    async fn ledger_totals(
        &self,
        upstream: UpstreamKind,
        filter: LedgerFilter,
    ) -> Result<LedgerTotals, StoreError> {
        self.readers.read(move |conn| ledger::totals(conn, upstream, &filter)).await
    }

    async fn usage(&self, upstream: UpstreamKind, cuts: Vec<Timestamp>) -> Result<Vec<UsageSum>, StoreError> {
        self.readers.read(move |conn| usage::sums(conn, upstream, &cuts)).await
    }

    async fn spent_minutes(
        &self,
        upstream: UpstreamKind,
    ) -> Result<Vec<(Timestamp, Nanodollars)>, StoreError> {
        let now = self.now();
        self.readers.read(move |conn| usage::minutes(conn, upstream, now)).await
    }

    async fn brake_history(&self, limit: u32) -> Result<BrakeHistory, StoreError> {
        let (upstream, day) = (self.upstream, self.windows.day(self.now()));
        self.readers.read(move |conn| brake::history_of(conn, upstream, day, limit)).await
    }

    async fn audit_of(&self, kind: &str, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let (upstream, kind) = (self.upstream, kind.to_owned());
        self.readers.read(move |conn| audit::of_kind(conn, upstream, &kind, limit)).await
    }

    fn windows(&self) -> Windows {
        self.windows.clone()
    }

    async fn log(&self, job: JobId, after: u64, limit: u32) -> Result<Vec<LogLine>, StoreError> {
        self.readers.read(move |conn| logs::lines(conn, job, after, limit)).await
    }

    async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError> {
        self.readers.read(move |conn| artifacts::list(conn, job)).await
    }

    async fn artifact(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactInfo, Vec<u8>)>, StoreError> {
        let name = name.clone();
        self.readers.read(move |conn| artifacts::get(conn, job, &name)).await
    }

    async fn queue_counts(&self) -> Result<QueueCounts, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| queries::counts(conn, upstream)).await
    }

    async fn events(&self, after: u64, job: Option<JobId>, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.readers.read(move |conn| events::after(conn, after, job, limit)).await
    }

    async fn last_event(&self) -> Result<u64, StoreError> {
        self.readers.read(events::last).await
    }

    fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.shared.subscribe()
    }

    async fn record(&self, event: EventKind) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.tell(None, event);
            Ok(())
        })
        .await
    }

    async fn disabled_agents(&self) -> Result<Vec<String>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |conn| audit::disabled_agents(conn, upstream)).await
    }

    async fn set_agent_disabled(&self, agent: &str, disabled: bool, by: &str) -> Result<(), StoreError> {
        let (agent, by) = (agent.to_owned(), by.to_owned());
        self.write(move |tx| audit::set_agent_disabled(tx, &agent, disabled, &by)).await
    }

    async fn pinned_plugins(&self) -> Result<Vec<String>, StoreError> {
        self.readers.read(audit::pinned_plugins).await
    }

    async fn remember(&self, key: &str, note: &str) -> Result<(), StoreError> {
        let (key, note) = (note_key(self.upstream, key), note.to_owned());
        self.write(move |tx| Ok(set_meta(tx.conn, &key, note)?)).await
    }

    async fn recall(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = note_key(self.upstream, key);
        self.readers.read(move |conn| Ok(meta(conn, &key)?)).await
    }

    async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.readers.read(move |conn| audit::list(conn, limit)).await
    }

    fn told_at_start(&self) -> Vec<String> {
        self.told.clone()
    }

    fn recovered(&self) -> Recovered {
        self.recovered
    }

    async fn close(&self) {
        self.end().await;
    }
}

// Notes have a room of their own in `meta`, beside what the store itself keeps there: one for each upstream,
// so that nothing that was learnt of the simulator is believed of the live one.
fn note_key(upstream: UpstreamKind, key: &str) -> String {
    format!("note.{}.{key}", upstream.name())
}
