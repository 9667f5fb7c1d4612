//! What a job waits for whose call does not go out, or came back without an answer.

use crate::agent::ask::{Ask, CallEnd};
use crate::agent::journal::journalled;
use crate::agent::tried::{Tried, Tries};
use crate::door::GatewayDoor;
use crate::flight::told::{Sentence, braked, told, wait};
use crate::line::denied::Denied;
use crate::upstream::class::Class;
use crate::upstream::failed::Failed;
use anvil_budget::BrakeCause;
use anvil_types::{Nanodollars, Timestamp, Wait, WaitReason};
use rand::RngExt as _;
use std::time::Duration;

/// How much later than the others a job comes back whose call was the one that failed: they go first.
const STEP_BACK: Duration = Duration::from_secs(2);

/// How often a call may be in the admission queue when that falls, before its job waits like for a store that fails.
const FALLS: u32 = 3;

/// A call of this model, which may cost so much, does not go out.
pub(crate) async fn denied(
    door: &GatewayDoor,
    ask: &Ask,
    denied: Denied,
    model: &str,
    amount: Nanodollars,
    tries: &mut Tries,
) -> Tried {
    match told(door, denied, model, amount) {
        Sentence::Wait(wait) => Tried::end(CallEnd::Park(wait)),
        Sentence::Refused(error) => Tried::end(journalled(door, ask, error).await),
        Sentence::Gone => Tried::end(CallEnd::LeaseLost),
        Sentence::Forgotten(_) if tries.falls < FALLS => {
            tries.falls += 1;
            Tried::Stale
        }
        Sentence::Stale => Tried::Stale,
        Sentence::Forgotten(error) | Sentence::StoreFailed(error) => Tried::end(CallEnd::StoreFailed(error)),
    }
}

/// The account was refused; `why` stands for causes that could not be stored.
pub(crate) fn account(door: &GatewayDoor, causes: &[BrakeCause], why: String) -> CallEnd {
    let until = Some(door.breaker.account_trial());
    let unkept = || Wait { reason: WaitReason::Brake, detail: why, until, refused_at: None };
    CallEnd::Park(braked(door, causes).unwrap_or_else(unkept))
}

/// Another's trouble than the call's own.
pub(crate) fn troubled(
    door: &GatewayDoor,
    class: Class,
    failed: Failed,
    model: &str,
    tries: &mut Tries,
) -> Tried {
    let now = door.clock.now();
    let kept = door.breaker.kept_back(model);
    match class {
        Class::Upstream => match (kept, failed.after) {
            // Who failed stands behind those that have not been asked.
            (Some(kept), _) => Tried::end(CallEnd::Park(kept.wait(kept.until + STEP_BACK))),
            (None, after) if tries.retries < door.config.patience.retries => {
                let wait = after.unwrap_or_else(|| back_off(tries.retries));
                if wait > door.config.pace.longest_wait {
                    return Tried::end(parked(WaitReason::Circuit, failed.error.message, Some(now + wait)));
                }
                tries.retries += 1;
                Tried::Again(wait)
            }
            (None, after) => {
                let wait = after.unwrap_or(door.config.circuit.open_for);
                Tried::end(parked(WaitReason::Circuit, failed.error.message, Some(now + wait)))
            }
        },
        Class::Pace => {
            let since = *tries.refused_since.get_or_insert(now);
            let wait = failed.after.unwrap_or_else(|| back_off(tries.retries));
            // A slot is for others when it goes on for long.
            if now.since(since) > door.config.pace.longest_wait {
                return Tried::end(parked(WaitReason::Pace, failed.error.message, Some(now + wait)));
            }
            // The queue knows how long it has to be where upstream says so.
            failed.after.map_or(Tried::Again(wait), |_| Tried::Stale)
        }
        Class::Request | Class::Account(_) | Class::Model => {
            kept.map_or(Tried::Stale, |kept| Tried::end(CallEnd::Park(kept.wait(kept.until))))
        }
    }
}

/// Exponential with full jitter: up to 1, 2, 4 … seconds.
fn back_off(retries: u32) -> Duration {
    let most = Duration::from_secs(1 << retries.min(6));
    most.mul_f64(rand::rng().random::<f64>())
}

fn parked(reason: WaitReason, detail: String, until: Option<Timestamp>) -> CallEnd {
    CallEnd::Park(wait(reason, detail, until))
}
