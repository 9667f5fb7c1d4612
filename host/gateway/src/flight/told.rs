//! What whoever asks is told of a call that does not go out.

use crate::door::GatewayDoor;
use crate::line::denied::Denied;
use crate::pace::throttle;
use anvil_budget::{BrakeCause, LimitName};
use anvil_types::{CallError, CallErrorKind, Nanodollars, Timestamp, Wait, WaitReason};
use std::time::Duration;

/// How long whoever asks stays away from a store that fails.
const STORE_PAUSE: Duration = Duration::from_secs(10);

/// What it comes to for whoever asks.
#[derive(Debug)]
pub(crate) enum Sentence {
    /// To come again when this is over.
    Wait(Wait),
    /// That it never goes out.
    Refused(CallError),
    /// Nothing: nobody waits, or another attempt has the lease.
    Gone,
    /// Nothing: it is planned anew.
    Stale,
    /// That the queue fell with it in it, where it is not tried again.
    Forgotten(String),
    /// That the host can't say.
    StoreFailed(String),
}

/// What is told of a call of this model, which may cost so much.
pub(crate) fn told(door: &GatewayDoor, denied: Denied, model: &str, amount: Nanodollars) -> Sentence {
    match denied {
        Denied::Closing => Sentence::StoreFailed("the host ends".to_owned()),
        // The brake's cause is this process' own, and cannot be stored: a time keeps the job from coming
        // straight back.
        Denied::StoreFailing => Sentence::Wait(wait(
            WaitReason::Pace,
            "what calls cost cannot be written to the data folder, so no call goes out until it can"
                .to_owned(),
            Some(door.clock.now() + STORE_PAUSE),
        )),
        Denied::KeptBack(kept) => Sentence::Wait(kept.wait(kept.until)),
        Denied::Gone | Denied::LeaseLost => Sentence::Gone,
        Denied::Paced { until, stopped } => {
            let why = if stopped.is_zero() {
                "requests or tokens a minute are used up for longer than a call may wait".to_owned()
            } else {
                format!(
                    "Claude told that {model} is asked too fast and when it may be asked again; \"go on now\" asks earlier"
                )
            };
            Sentence::Wait(wait(WaitReason::Pace, why, Some(until)))
        }
        Denied::Throttled { until, burn } => {
            Sentence::Wait(wait(WaitReason::Money, throttle::sentence(burn), Some(until)))
        }
        Denied::Behind { until } => {
            let why = "calls before it wait for money; it is asked for again after them".to_owned();
            Sentence::Wait(wait(WaitReason::Money, why, Some(until)))
        }
        Denied::Braked(causes) => match braked(door, &causes) {
            // Nobody has tried in this life whether the account is still refused.
            Some(wait) if wait.until.is_some_and(|until| until <= door.clock.now()) => Sentence::Stale,
            wait => wait.map_or(Sentence::Gone, Sentence::Wait),
        },
        Denied::NotBefore { at, limit } => {
            let detail = match limit {
                LimitName::Week => format!("{limit} are used up; raise week_hours, or wait"),
                limit => format!("{limit} has no room for a call of up to {amount}; raise it, or wait"),
            };
            Sentence::Wait(wait(WaitReason::Money, detail, Some(at)))
        }
        Denied::Never { limit, allowed, spent } => {
            let message = if spent > Nanodollars::ZERO {
                format!("the call may cost up to {amount}; {limit} is {allowed}, of which {spent} are spent")
            } else {
                format!("the call may cost up to {amount}, more than the whole of {limit}: {allowed}")
            };
            Sentence::Refused(CallError::unsent(CallErrorKind::OverBudget, message))
        }
        Denied::Stale => Sentence::Stale,
        Denied::Forgotten => Sentence::Forgotten(
            "the admission queue of the host fell again and again while the call was in it".to_owned(),
        ),
        Denied::Failed(error) => Sentence::StoreFailed(error.to_string()),
    }
}

/// A wait that nobody has begun yet.
pub(crate) fn wait(reason: WaitReason, detail: String, until: Option<Timestamp>) -> Wait {
    Wait { reason, detail, until, refused_at: None }
}

/// What a call waits for that the brake stops; nothing where the brake has no cause.
pub(crate) fn braked(door: &GatewayDoor, causes: &[BrakeCause]) -> Option<Wait> {
    let reasons: Vec<_> = causes.iter().map(|cause| cause.reason.as_str()).collect();
    // With a person's or the store's cause among them nobody knows when it ends.
    let ends: Option<Vec<_>> = causes.iter().map(|cause| cause.until).collect();
    let mut until = ends.and_then(|ends| ends.into_iter().max());
    if !causes.is_empty() && causes.iter().all(|cause| cause.kind.is_of_account()) {
        let trial = door.breaker.account_trial();
        until = Some(until.map_or(trial, |until| until.min(trial)));
    }
    let detail = format!("the brake is engaged: {}", reasons.join("; "));
    (!causes.is_empty()).then_some(Wait { reason: WaitReason::Brake, detail, until, refused_at: None })
}
