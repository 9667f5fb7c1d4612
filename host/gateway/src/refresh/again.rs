//! One refresh: whether it goes out, and what comes of it.

use crate::door::GatewayDoor;
use crate::flight::Flight;
use crate::flight::admit::{FlightCourse, admit_at_once};
use crate::flight::bid::Bid;
use crate::flight::burn::windows;
use crate::flight::settlement::Note;
use crate::flight::watcher::Watcher;
use crate::refresh::waiting::Refresh;
use crate::stage::mark::caches;
use crate::upstream::answer::Answer;
use crate::upstream::reading::Reading;
use anvil_store::StoreError;
use anvil_types::{CacheEffect, Nanodollars, Scope};
use std::sync::Arc;

/// The host itself, which waits for what it asked until it is over.
struct Stays;

impl Watcher for Stays {
    async fn gone(&mut self) {
        std::future::pending::<()>().await;
    }

    fn is_gone(&self) -> bool {
        false
    }
}

/// Refreshes a prompt, where that still pays and may be; it may be refreshed again later.
pub(crate) async fn again(door: Arc<GatewayDoor>, refresh: Refresh) {
    let job = refresh.job;
    match refreshed(&door, refresh).await {
        Ok(Some(refresh)) => door.refreshes.put(refresh),
        Ok(None) => {}
        Err(error) => tracing::error!(%job, %error, "a job's prompt could not be refreshed"),
    }
}

async fn refreshed(door: &GatewayDoor, refresh: Refresh) -> Result<Option<Refresh>, StoreError> {
    let Refresh { outline, marks, bid, .. } = &refresh;
    let now = door.clock.now();
    let due = caches(door).refresh_at(outline, marks, bid.model(), now);
    let Some(due) = due else { return Ok(None) };
    if due > now {
        // Another of the agent's jobs has read it meanwhile.
        return Ok(Some(Refresh { due, ..refresh }));
    }
    if !may_be(door, &refresh).await? {
        return Ok(None);
    }
    let cost = caches(door).refresh(&refresh.agent, outline, marks, &refresh.asked(now));
    let Some(expected_cost) = cost else { return Ok(None) };
    let mut course = FlightCourse::begin(door);
    let bid = Bid { expected_cost, since: now, ..bid.clone() };
    let mut flight = match admit_at_once(door, bid, &mut course).await {
        Ok(Some(flight)) => flight,
        Ok(None) => return Ok(None),
        Err(denied) => {
            tracing::debug!(job = %refresh.job, ?denied, "a job's prompt is not refreshed");
            return Ok(None);
        }
    };
    if !flies(door, &mut flight, &course, &refresh).await? {
        return Ok(None);
    }
    let due = caches(door).refresh_at(outline, marks, flight.bid().model(), door.clock.now());
    Ok(due.map(|due| Refresh { due, ..refresh }))
}

// Never for a job that has ended, nor where calls are kept back or money is short: neither for all, nor for an agent that has
// limits of its own, which what the host asks does not count against.
async fn may_be(door: &GatewayDoor, refresh: &Refresh) -> Result<bool, StoreError> {
    let job = door.store.job(refresh.job).await?;
    if job.is_none_or(|job| job.state.is_final()) || door.breaker.kept_back(refresh.bid.model()).is_some() {
        return Ok(false);
    }
    if door.store.brake().await?.engaged() {
        return Ok(false);
    }
    let pressure = door.pressure.percent(&windows(door).await?);
    let slows = door.admission.with_throttle(|throttle| throttle.is_on());
    if slows || door.config.pressure.presses(pressure) {
        return Ok(false);
    }
    let limits = door.store.scope_limits().await?;
    Ok(!limits.iter().any(|limit| matches!(&limit.scope, Scope::Agent(name) if *name == refresh.agent)))
}

// Sends it and settles it; whether its answer came.
async fn flies(
    door: &GatewayDoor,
    flight: &mut Flight<'_>,
    course: &FlightCourse,
    refresh: &Refresh,
) -> Result<bool, StoreError> {
    let mut answer = Answer::default();
    let mut reading = Reading::new(&mut answer, None, door.sender.redactor(), door.config.patience.idle);
    let sent = flight.send(&mut reading, &mut Stays).await;
    let read = reading.verdict();
    match flight.verdict(sent, read, &mut answer) {
        Ok(()) => {
            let bill = flight.answered(&answer).await;
            let is_certain = bill.doubt.is_none();
            if is_certain {
                let (at, usage) = (flight.held().at, bill.believable(&flight.bid().row));
                let mut caches = caches(door);
                let Refresh { agent, outline, marks, bid, .. } = refresh;
                caches.refreshed(agent, outline, marks, bid.model(), &usage, at);
                door.habits.keep(&caches.habits);
            }
            let note = Note {
                detail: bill.detail(answer.stop_reason().unwrap_or("unknown")),
                model: answer.models().last().cloned(),
                // Nobody would have asked it: all that it costs is less saved.
                cache: CacheEffect {
                    saved: if is_certain { Nanodollars::ZERO - bill.cost } else { Nanodollars::ZERO },
                    miss: None,
                },
                ..Note::default()
            };
            flight.settle(bill.outcome(), note, None).await?;
            Ok(is_certain)
        }
        Err(failed) => {
            let broken = flight.broke(&failed, &answer, course, &Stays).await;
            let note = Note { detail: failed.error.kind.name().to_owned(), ..Note::default() };
            flight.settle(broken.outcome, note, None).await?;
            Ok(false)
        }
    }
}
