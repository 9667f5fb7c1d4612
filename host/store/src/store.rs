//! The trait.

use crate::{
    ActionPlan, ActionRun, ActionStep, AlertFilter, AlertPage, AuditEntry, BrakeHistory, BrakeState, Claim,
    Claimed, Correction, DeliveryFilter, DeliveryTried, DueDelivery, Enqueued, Finish, Fired, Firing,
    HoldDecision, HoldRequest, Imported, ImportedJob, JobEdit, JobFilter, JobPage, JournalEntry,
    JournalWrite, LedgerFilter, LedgerPage, LedgerTotals, LimitsInForce, LostLeases, NewAction, NewAlert,
    PriceChange, Pruned, QueueCounts, QueuePause, Recovered, Retention, ScopeLimit, ScopeStanding, Settled,
    Settlement, SpendSnapshot, StoreError, Taken, UsageSum, Wiped,
};
use anvil_budget::{WindowKind, WindowLimits, Windows};
use anvil_types::{
    Alert, AlertId, ArtifactInfo, ArtifactName, Attempt, CallId, CallRecord, Delivery, DeliveryId, Event,
    EventKind, Job, JobAction, JobActionId, JobId, JobState, Lease, Limits, LimitsPatch, LogLine,
    Nanodollars, NewJob, ParentResult, Relatives, Schedule, Scope, Timestamp, UpstreamKind, Wait, WaitReason,
    Webhook,
};
use async_trait::async_trait;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// What survives. Every operation that writes is one transaction, answered only after it is durable;
/// its events are rows of the same transaction and are published after it.
#[async_trait]
pub trait Store: Send + Sync + Debug + 'static {
    // The queue.

    /// Takes a job in, durably: refused when as many jobs are unfinished as may wait, and when a job that
    /// it is to come after is not there, failed or was cancelled. A job with others to come after starts
    /// when all of them have succeeded, and fails when one of them does not.
    async fn enqueue(&self, job: NewJob) -> Result<Enqueued, StoreError>;
    /// Takes a job in and takes jobs out to run, in one step: an idle runner has one commit before a job
    /// starts. The answer shows the job as it was taken in. Where it is refused, nothing is taken out.
    async fn enqueue_and_claim(
        &self,
        job: NewJob,
        claim: Claim,
    ) -> Result<(Enqueued, Vec<Claimed>), StoreError>;
    /// Takes many jobs in, in one transaction; an answer for each, in their order. One that is refused takes
    /// nobody along. A job may come after an earlier one of them, by the id that it was sent with.
    async fn enqueue_many(&self, jobs: Vec<NewJob>) -> Result<Vec<Result<Taken, StoreError>>, StoreError>;
    /// Takes jobs of another host's export in, in one transaction; an answer for each, in their order. One
    /// that is refused takes nobody along. A finished one becomes history under its own id: no sum of the
    /// ledger moves, and its log says what it cost elsewhere. Any other is submitted under its own id, once.
    /// `note` says who imports what, for the first of several batches: it is audited.
    async fn import_jobs(
        &self,
        jobs: Vec<ImportedJob>,
        note: Option<(&str, &str)>,
    ) -> Result<Vec<Result<Imported, StoreError>>, StoreError>;
    /// Takes jobs out to run, the most urgent first, first come first served within a priority. Ten
    /// minutes of waiting raise a job by one priority, up to high; after nine critical jobs that
    /// overtook others, the one that waits longest has its turn. Jobs whose time has come, and jobs
    /// whose lease has run out, are put into the queue first. Pins each job to its agent's plugin, unless
    /// it has a journal already: that belongs to the plugin that it was written with, until a person runs the job
    /// again. One that cannot be read is set aside by itself. A job that was there in three crashes runs alone.
    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError>;
    /// Keeps leases alive, and tells which are lost.
    async fn heartbeat(&self, leases: Vec<Lease>, lease_for: Duration) -> Result<LostLeases, StoreError>;
    /// Puts a running job aside until its reason to wait is gone. Fenced. Where it is gone already (the
    /// brake is off, nothing is held, the agent came after `refused_at`), the job goes straight back into
    /// the queue; jobs that wait for holds do so when the last hold of the upstream ends.
    async fn park(&self, lease: Lease, wait: Wait) -> Result<(), StoreError>;
    /// Ends an attempt; answers where the job stands now. Fenced.
    async fn finish(&self, lease: Lease, finish: Finish) -> Result<JobState, StoreError>;
    /// Ends an attempt and takes jobs out to run in its place, in one step: a busy runner has one commit
    /// for each job. Fenced as [`Store::finish`] is; where that is refused, nothing is taken.
    async fn finish_and_claim(
        &self,
        lease: Lease,
        finish: Finish,
        claim: Claim,
    ) -> Result<Vec<Claimed>, StoreError>;
    /// Stops a job, whatever it does.
    async fn cancel(&self, job: JobId, by: &str) -> Result<Job, StoreError>;
    /// Runs a failed or cancelled job again, with as many attempts as a new one, its paid work kept, on the version
    /// that is in force then; the reply that the guest failed on is asked for anew. Jobs that failed since they come after it wait
    /// for it again. Refused while a job that it comes after itself has failed.
    async fn retry(&self, job: JobId, by: &str) -> Result<Job, StoreError>;
    /// Puts a parked job back into the queue, whatever it waits for, and audits who wanted it: it is judged anew. Refused
    /// for a job that is not parked.
    async fn resume_job(&self, job: JobId, by: &str) -> Result<Job, StoreError>;
    /// Changes a job that waits. A time that is still to come makes a queued job wait for it; [`Start::Now`]
    /// and a time that has passed put one that waits for its time into the queue, and one that comes after
    /// others goes on waiting for them. The payload changes only while the journal is empty, and the cap never
    /// to less than what is spent, held and unknown.
    async fn edit_job(&self, job: JobId, edit: JobEdit, by: &str) -> Result<Job, StoreError>;
    /// Puts jobs that are parked for one of these reasons back into the queue; of one agent where
    /// that is given. Answers how many.
    async fn resume(&self, reasons: &[WaitReason], agent: Option<&str>) -> Result<u64, StoreError>;
    /// When the next scheduled or parked job is due.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Pauses the queue for a reason, or ends the pause where there is none: no job is claimed while it
    /// lasts, what runs goes on. Kept over a restart, audited. Answers the pause as it is.
    async fn set_queue_pause(&self, reason: Option<&str>, by: &str)
    -> Result<Option<QueuePause>, StoreError>;
    /// The pause of the queue, where there is one.
    async fn queue_pause(&self) -> Result<Option<QueuePause>, StoreError>;

    // Schedules.

    /// All schedules, by name.
    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError>;
    /// A schedule.
    async fn schedule(&self, name: &str) -> Result<Option<Schedule>, StoreError>;
    /// Makes a schedule, or changes the one of this name, which keeps its id; audited. Answers it as it is.
    async fn put_schedule(&self, schedule: Schedule, by: &str) -> Result<Schedule, StoreError>;
    /// Deletes a schedule; its jobs stay. Answers whether there was one.
    async fn delete_schedule(&self, name: &str, by: &str) -> Result<bool, StoreError>;
    /// Schedules of an upstream whose time has come, the oldest first.
    async fn due_schedules(&self, upstream: UpstreamKind) -> Result<Vec<Schedule>, StoreError>;
    /// When the next schedule of an upstream is due.
    async fn next_schedule(&self, upstream: UpstreamKind) -> Result<Option<Timestamp>, StoreError>;
    /// Takes in the jobs of a schedule's times that have come, and moves it on to its next time, in one
    /// step. Nothing is done where it has moved on already. Where the queue has no place it stays at the
    /// first time that got none, and says so.
    async fn fire_schedule(&self, firing: Firing) -> Result<Fired, StoreError>;
    /// The newest jobs of a schedule.
    async fn schedule_jobs(&self, name: &str, limit: u32) -> Result<Vec<Job>, StoreError>;
    // Many jobs at once, and the end of old ones.

    /// Counts what an action would touch, and what it would leave and why.
    async fn plan_action(&self, action: JobAction, filter: JobFilter) -> Result<ActionPlan, StoreError>;
    /// Begins an action on all jobs that match now; [`Store::step_action`] does it, batch by batch.
    async fn begin_action(&self, action: NewAction) -> Result<ActionRun, StoreError>;
    /// Does the next batch of an action, a few milliseconds long: what is done and how far it came are
    /// one step. Nothing where the action is over.
    async fn step_action(&self, id: JobActionId) -> Result<ActionStep, StoreError>;
    /// Ends an action where it is.
    async fn stop_action(&self, id: JobActionId, by: &str) -> Result<ActionRun, StoreError>;
    /// An action.
    async fn action(&self, id: JobActionId) -> Result<ActionRun, StoreError>;
    /// Actions, the newest first: `limit` of them older than `after`.
    async fn actions(&self, after: Option<JobActionId>, limit: u32) -> Result<Vec<ActionRun>, StoreError>;
    /// Actions that are under way, the oldest first.
    async fn running_actions(&self) -> Result<Vec<JobActionId>, StoreError>;
    /// Takes out what is older, or more, than is kept: one batch, a few milliseconds long. The ledger and
    /// its sums stay, and so does what something unfinished needs.
    async fn prune(&self, retention: Retention) -> Result<Pruned, StoreError>;

    // What a running attempt leaves. All fenced.

    /// Writes an answer that cost nothing into the journal.
    async fn journal(&self, write: JournalWrite) -> Result<(), StoreError>;
    /// Notes that the questions of these positions are asked at once: a retry asks all of them anew. Before they
    /// are asked.
    async fn journal_batch(&self, lease: Lease, first: u32, last: u32) -> Result<(), StoreError>;
    /// Notes that a call of the job waits for pace or money: a crash meanwhile says nothing about the job. Its
    /// next answer ends that.
    async fn note_wait(&self, lease: Lease) -> Result<(), StoreError>;
    /// Puts aside the journal from this position on: the job went another way.
    async fn journal_cut(&self, lease: Lease, from: u32) -> Result<(), StoreError>;
    /// Tells how far the job is.
    async fn progress(&self, lease: Lease, fraction: f64, line: &str) -> Result<(), StoreError>;
    /// Adds lines to the job's log.
    async fn append_log(&self, lease: Lease, lines: Vec<LogLine>) -> Result<(), StoreError>;
    /// Takes a file; one of the same name is replaced.
    async fn put_artifact(
        &self,
        lease: Lease,
        name: ArtifactName,
        media_type: String,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError>;

    // Money.

    /// Sets money aside, or says why not: rule 2 of the design, in one transaction with the brake and
    /// the lease's fence.
    async fn hold(&self, request: HoldRequest) -> Result<HoldDecision, StoreError>;
    /// Ends a hold. The first settlement of a hold wins; it is never refused.
    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError>;
    /// A call that has ended is known to have cost this much: an entry of its own, and all sums follow, in
    /// the windows of its hold. What was unknown is settled then. The same truth may come twice. Answers
    /// the call as it counts now.
    async fn correct(&self, correction: Correction) -> Result<CallRecord, StoreError>;
    /// How the windows of an upstream stand.
    async fn spend(&self, upstream: UpstreamKind) -> Result<SpendSnapshot, StoreError>;
    /// The limits in force.
    async fn limits(&self) -> Result<LimitsInForce, StoreError>;
    /// The limits as they would be after a change; [`StoreError::BadChange`] where the hard limits or the
    /// others do not let them be.
    async fn judge_limits(&self, patch: &LimitsPatch, reset: &[String]) -> Result<Limits, StoreError>;
    /// Changes limits at run time: at once, kept over a restart, audited. `reset` names limits that go
    /// back to the settings. A raise ends the brake and the parking that the old limit caused.
    async fn set_limits(
        &self,
        patch: LimitsPatch,
        reset: &[String],
        by: &str,
    ) -> Result<LimitsInForce, StoreError>;
    /// The limits of agents and API keys, by scope and window.
    async fn scope_limits(&self) -> Result<Vec<ScopeLimit>, StoreError>;
    /// Sets limits of an agent or an API key and takes others away: at once, kept over a restart, audited.
    /// Puts jobs that were parked for money back into the queue. Answers all limits of scopes.
    async fn set_scope_limits(
        &self,
        scope: Scope,
        set: WindowLimits,
        unset: &[WindowKind],
        by: &str,
    ) -> Result<Vec<ScopeLimit>, StoreError>;
    /// How the windows stand that an agent or an API key has a limit for.
    async fn scope_spend(&self, upstream: UpstreamKind) -> Result<Vec<ScopeStanding>, StoreError>;
    /// Sums the ledger up anew, and says which of the sums that are kept (by window, scope, hour of use, job)
    /// disagree with it; nothing where all is well. Takes a while on a long ledger.
    async fn verify_sums(&self) -> Result<Vec<String>, StoreError>;
    /// Looks at what time alone changes: causes of the brake that end, alerts whose window began anew, the
    /// wall's clock. To be called every second or so; does its work once a minute.
    async fn look(&self) -> Result<(), StoreError>;
    /// Prices that people set at run time.
    async fn prices(&self) -> Result<Vec<PriceChange>, StoreError>;
    /// Sets a price at run time, kept over a restart, audited; one of the same id is replaced.
    async fn set_price(&self, price: anvil_budget::NewPrice, by: &str) -> Result<(), StoreError>;
    /// Takes a price away that was set at run time. Answers whether there was one.
    async fn reset_price(&self, id: &str, by: &str) -> Result<bool, StoreError>;
    /// The brake's causes now; one whose time is over is gone.
    async fn brake(&self) -> Result<BrakeState, StoreError>;
    /// Engages the brake. A cause that upstream raised for the account is told once while it lasts.
    async fn engage_brake(&self, cause: anvil_budget::BrakeCause) -> Result<BrakeState, StoreError>;
    /// Ends all causes by a person's hand; one that a window raised is muted for that window's
    /// instance. Puts jobs that were parked for the brake back into the queue.
    async fn release_brake(&self, by: &str, reason: &str) -> Result<BrakeState, StoreError>;
    /// Ends the causes that upstream had raised for the account, since it answers again. Puts jobs that
    /// were parked for the brake back into the queue where no other cause is left.
    async fn account_answers(&self, reason: &str) -> Result<BrakeState, StoreError>;
    /// Calls whose hold stands: the ones that this life of the host does not know are orphans.
    async fn open_holds(&self) -> Result<Vec<CallId>, StoreError>;

    // Alerts. The ones that money causes fire in the transaction that moves it.

    /// Tells people of something, once for its key while that lasts, with a row in the outbox for each
    /// webhook that is on. Answers the new alert; none where one with this key is open.
    async fn raise_alert(&self, alert: NewAlert) -> Result<Option<AlertId>, StoreError>;
    /// Ends the open alert with this key, where there is one: its cause is gone.
    async fn resolve_alert(&self, key: &str) -> Result<Option<AlertId>, StoreError>;
    /// Somebody knows. An alert that is resolved stays so, and keeps the note.
    async fn acknowledge_alert(&self, id: AlertId, by: &str, note: &str) -> Result<Alert, StoreError>;
    /// An alert.
    async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError>;
    /// A page of alerts.
    async fn alerts(&self, filter: AlertFilter) -> Result<AlertPage, StoreError>;
    /// How many alerts are firing.
    async fn firing_alerts(&self) -> Result<u64, StoreError>;
    /// All webhooks, by name.
    async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError>;
    /// Makes a webhook, or changes the one of this name. One that is on again resolves the alert that
    /// told of its end.
    async fn put_webhook(&self, webhook: Webhook, by: &str) -> Result<(), StoreError>;
    /// Raises an alert of the kind `test` that is resolved from the start, so that it counts for
    /// nothing, and puts it into the outbox for this webhook alone.
    async fn test_webhook(&self, name: &str, by: &str) -> Result<Delivery, StoreError>;
    /// Takes a webhook away; what was still to be sent to it is given up. Answers whether there was one.
    async fn delete_webhook(&self, name: &str, by: &str) -> Result<bool, StoreError>;
    /// Deliveries to a webhook whose time has come, the oldest first; none while it is off.
    async fn due_deliveries(&self, webhook: &str, limit: u32) -> Result<Vec<DueDelivery>, StoreError>;
    /// When the next delivery to each webhook is due, for those that are on and owed one.
    async fn next_deliveries(&self) -> Result<Vec<(String, Timestamp)>, StoreError>;
    /// Notes how a try of a delivery went.
    async fn delivery_tried(&self, tried: DeliveryTried) -> Result<(), StoreError>;
    /// Sends a delivery once more, with the same `webhook-id`, whatever became of it. Refused while
    /// its webhook is off.
    async fn redeliver(&self, id: DeliveryId, by: &str) -> Result<Delivery, StoreError>;
    /// A page of deliveries.
    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<Delivery>, StoreError>;

    // Time.

    /// A person says that the ledger's time is wrong: the next start takes the wall's clock over, and the brake
    /// is engaged until a person releases it. Refused where the ledger is not ahead of the wall's clock, and with
    /// the simulator. Answers the time that the wall's clock says.
    async fn set_ledger_time_back(&self, by: &str, reason: &str) -> Result<Timestamp, StoreError>;

    /// Wipes what is simulated: jobs, ledger, limits, prices, time, and all that was told and learnt; audited.
    /// What is live is never touched. Refused while this host asks the simulator and something runs.
    async fn wipe_simulated(&self, by: &str) -> Result<Wiped, StoreError>;

    // Reading.

    /// A job.
    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError>;
    /// A page of jobs.
    async fn jobs(&self, filter: JobFilter) -> Result<JobPage, StoreError>;
    /// The jobs that wait, those first that are first in line: what runs, then what is queued in the order in
    /// which it is taken, then what is parked and what waits for its time, by that.
    async fn front(&self, limit: u32) -> Result<Vec<Job>, StoreError>;
    /// What the jobs that a job comes after gave it, in its order.
    async fn parents(&self, job: JobId) -> Result<Vec<ParentResult>, StoreError>;
    /// The jobs that a job comes after, and those that come after it.
    async fn relatives(&self, job: JobId) -> Result<Relatives, StoreError>;
    /// A job's attempts.
    async fn attempts(&self, job: JobId) -> Result<Vec<Attempt>, StoreError>;
    /// What a job was answered, by position.
    async fn journal_of(&self, job: JobId) -> Result<Vec<JournalEntry>, StoreError>;
    /// A job's calls, the oldest first.
    async fn calls(&self, job: JobId) -> Result<Vec<CallRecord>, StoreError>;
    /// The ledger, the newest first: `limit` entries older than `after`.
    async fn ledger(
        &self,
        upstream: UpstreamKind,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRecord>, StoreError> {
        Ok(self.ledger_page(upstream, LedgerFilter::default(), after, limit).await?.items)
    }
    /// A page of the ledger, the newest hold first: 1 to 1,000 entries older than `after`.
    async fn ledger_page(
        &self,
        upstream: UpstreamKind,
        filter: LedgerFilter,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<LedgerPage, StoreError>;
    /// What the entries of a filter come to.
    async fn ledger_totals(
        &self,
        upstream: UpstreamKind,
        filter: LedgerFilter,
    ) -> Result<LedgerTotals, StoreError>;
    /// What has ended between each cut and the next (rising), by agent, API key and model.
    async fn usage(&self, upstream: UpstreamKind, cuts: Vec<Timestamp>) -> Result<Vec<UsageSum>, StoreError>;
    /// What was spent in each minute of the rolling hour in which anything was, the oldest first.
    async fn spent_minutes(
        &self,
        upstream: UpstreamKind,
    ) -> Result<Vec<(Timestamp, Nanodollars)>, StoreError>;
    /// The brake's history as far as it concerns this host's upstream, the newest first.
    async fn brake_history(&self, limit: u32) -> Result<BrakeHistory, StoreError>;
    /// What people changed of one kind (`limits`, `brake`, …), the newest first.
    async fn audit_of(&self, kind: &str, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
    /// Where windows begin and end.
    fn windows(&self) -> Windows;
    /// Lines of a job's log after a place.
    async fn log(&self, job: JobId, after: u64, limit: u32) -> Result<Vec<LogLine>, StoreError>;
    /// A job's files.
    async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError>;
    /// One file with its bytes.
    async fn artifact(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactInfo, Vec<u8>)>, StoreError>;
    /// How many jobs there are in each state.
    async fn queue_counts(&self) -> Result<QueueCounts, StoreError>;
    /// Events after a place, of one job where that is given.
    async fn events(&self, after: u64, job: Option<JobId>, limit: u32) -> Result<Vec<Event>, StoreError>;
    /// The place of the newest event.
    async fn last_event(&self) -> Result<u64, StoreError>;
    /// Events as they are published; one that lags asks [`Store::events`] for what it missed.
    fn subscribe(&self) -> broadcast::Receiver<Arc<Event>>;

    // The rest.

    /// Writes an event that tells of something outside the store (an agent that changed).
    async fn record(&self, event: EventKind) -> Result<(), StoreError>;
    /// Agents that a person switched off.
    async fn disabled_agents(&self) -> Result<Vec<String>, StoreError>;
    /// Switches an agent off or on.
    async fn set_agent_disabled(&self, agent: &str, disabled: bool, by: &str) -> Result<(), StoreError>;
    /// The digests of the plugins that unfinished jobs are pinned to.
    async fn pinned_plugins(&self) -> Result<Vec<String>, StoreError>;
    /// Keeps a small note under a key, in place of an earlier one: what is learnt, and cheap to lose.
    async fn remember(&self, key: &str, note: &str) -> Result<(), StoreError>;
    /// The note that was kept under a key.
    async fn recall(&self, key: &str) -> Result<Option<String>, StoreError>;
    /// What people changed, the newest first.
    async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
    /// What people are to know of what is in force since the start, a sentence each: limits and prices that are
    /// not as they were set, an older copy of the ledger in this one's place.
    fn told_at_start(&self) -> Vec<String>;
    /// What the start found of the host's earlier lives. Done by the store as it opens, before
    /// anything else.
    fn recovered(&self) -> Recovered;
    /// Ends the writer after all that is queued is durable.
    async fn close(&self);
}
