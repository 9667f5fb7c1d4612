//! All that may be asked, by noun.

use crate::parts::ControlParts;
use crate::{
    AgentControl, AlertControl, AuditControl, BatchControl, BrakeControl, BulkControl, ClockControl,
    EventControl, IntakeControl, JobControl, LedgerControl, LimitControl, PlanControl, PredictionControl,
    PriceControl, ProbeControl, QuestionControl, QueueControl, ReplayControl, ReplyCacheControl,
    ScheduleControl, ScopeControl, SimulationControl, StateControl, StatusControl, WebhookControl, bulk,
    predictions, retention, schedules,
};
use anvil_types::words::HostPart;

/// What the faces stand on: a handle for each noun.
pub struct Control {
    /// Plugins.
    pub agents: AgentControl,
    /// What people were told.
    pub alerts: AlertControl,
    /// Who changed what.
    pub audit: AuditControl,
    /// The brake.
    pub brake: BrakeControl,
    /// Actions on all jobs that match a filter.
    pub bulk: BulkControl,
    /// The host's time.
    pub clock: ClockControl,
    /// What happens, as it happens.
    pub events: EventControl,
    /// Jobs on their way in.
    pub intake: IntakeControl,
    /// Jobs that there are.
    pub jobs: JobControl,
    /// What calls cost.
    pub ledger: LedgerControl,
    /// The limits.
    pub limits: LimitControl,
    /// What would be.
    pub plan: PlanControl,
    /// What the host predicts of its own days.
    pub predictions: PredictionControl,
    /// What tokens cost.
    pub prices: PriceControl,
    /// Whether Claude answers.
    pub probe: ProbeControl,
    /// Questions to people.
    pub questions: QuestionControl,
    /// The pause of the queue.
    pub queue: QueueControl,
    /// Past jobs, run once more.
    pub replay: ReplayControl,
    /// Message Batches.
    pub batches: BatchControl,
    /// The cache of replies.
    pub replies: ReplyCacheControl,
    /// Schedules.
    pub schedules: ScheduleControl,
    /// Limits of one agent or API key.
    pub scopes: ScopeControl,
    /// What is simulated.
    pub simulation: SimulationControl,
    /// What agents keep beyond their jobs.
    pub state: StateControl,
    /// How the host stands.
    pub status: StatusControl,
    /// Where alerts are sent.
    pub webhooks: WebhookControl,
}

impl Control {
    /// Starts what is done in the background: bulk actions, retention, schedules.
    pub fn start(parts: &ControlParts) -> Self {
        let (schedules, plan) = (ScheduleControl::new(parts), PlanControl::new(parts));
        let control = Self {
            agents: AgentControl::new(parts, &schedules),
            alerts: AlertControl::new(parts),
            audit: AuditControl::new(parts),
            brake: BrakeControl::new(parts),
            bulk: BulkControl::new(parts),
            clock: ClockControl::new(parts),
            events: EventControl::new(parts),
            intake: IntakeControl::new(parts),
            jobs: JobControl::new(parts),
            ledger: LedgerControl::new(parts),
            limits: LimitControl::new(parts),
            predictions: PredictionControl::new(parts, &plan),
            plan,
            prices: PriceControl::new(parts),
            probe: ProbeControl::new(parts),
            questions: QuestionControl::new(parts),
            queue: QueueControl::new(parts),
            replay: ReplayControl::new(parts),
            batches: BatchControl::new(parts),
            replies: ReplyCacheControl::new(parts),
            schedules,
            scopes: ScopeControl::new(parts),
            simulation: SimulationControl::new(parts),
            state: StateControl::new(parts),
            status: StatusControl::new(parts),
            webhooks: WebhookControl::new(parts),
        };
        let (bulk, schedules) = (control.bulk.clone(), control.schedules.clone());
        let (keeper, of_days) = (retention::Keeper::new(parts), control.predictions.clone());
        let keep = &parts.supervisor;
        keep.keep(HostPart::JobActions.name(), move || bulk::run(bulk.clone()));
        keep.keep(HostPart::Retention.name(), move || retention::run(keeper.clone()));
        keep.keep(HostPart::Predictions.name(), move || predictions::run(of_days.clone()));
        keep.keep(HostPart::Schedules.name(), move || schedules::run(schedules.clone()));
        control
    }
}
