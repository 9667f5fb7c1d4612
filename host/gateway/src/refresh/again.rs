//! One refresh: whether it goes out, and what comes of it.

use crate::door::GatewayDoor;
use crate::flight::Flight;
use crate::flight::admit::{FlightCourse, admit_at_once};
use crate::flight::bid::Bid;
use crate::flight::burn::windows;
use crate::flight::settlement::Note;
use crate::flight::watcher::Watcher;
use crate::prompt_cache::caches::{PromptCaches, RefreshStep};
use crate::prompt_cache::lineage::Whose;
use crate::refresh::waiting::Refresh;
use crate::stage::mark::caches;
use crate::upstream::answer::Answer;
use crate::upstream::reading::Reading;
use anvil_store::StoreError;
use anvil_types::{CacheEffect, CacheMiss, Nanodollars, Scope, Timestamp, Usage};
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

/// Looks at the prompts whose time has come, one after the other: what one refresh keeps the next need not.
pub(crate) async fn look(door: Arc<GatewayDoor>, due: Vec<Refresh>) {
    for refresh in due {
        let job = refresh.job;
        match begins(&door, refresh).await {
            // One that hangs keeps no other from its time.
            Ok(Some((refresh, cost))) => drop(tokio::spawn(again(door.clone(), refresh, cost))),
            Ok(None) => {}
            Err(error) => tracing::error!(%job, %error, "whether a job's prompt is refreshed is not known"),
        }
    }
}

// The refresh of a prompt and what it probably costs, where that pays now and may be; it is nobody else's then. One whose
// time comes later is put back.
async fn begins(door: &GatewayDoor, refresh: Refresh) -> Result<Option<(Refresh, Nanodollars)>, StoreError> {
    let Refresh { agent, outline, marks, bid, .. } = &refresh;
    let step =
        |caches: &PromptCaches| caches.refresh(agent, outline, marks, &refresh.asked(door.clock.now()));
    let mut now = step(&caches(door));
    if matches!(now, RefreshStep::Now(_)) {
        if !may_be(door, &refresh).await? {
            return Ok(None);
        }
        let mut caches = caches(door);
        // Another may have begun meanwhile.
        now = step(&caches);
        if matches!(now, RefreshStep::Now(_)) {
            caches.refreshes(outline, marks, bid.model());
        }
    }
    match now {
        RefreshStep::Now(cost) => Ok(Some((refresh, cost))),
        RefreshStep::Later(due) => {
            door.refreshes.put(Refresh { due, ..refresh });
            Ok(None)
        }
        RefreshStep::Never => Ok(None),
    }
}

// Refreshes a prompt; it may be refreshed again later.
async fn again(door: Arc<GatewayDoor>, refresh: Refresh, cost: Nanodollars) {
    let job = refresh.job;
    match refreshed(&door, refresh, cost).await {
        Ok(Some(refresh)) => door.refreshes.put(refresh),
        Ok(None) => {}
        Err(error) => tracing::error!(%job, %error, "a job's prompt could not be refreshed"),
    }
}

async fn refreshed(
    door: &GatewayDoor,
    refresh: Refresh,
    expected_cost: Nanodollars,
) -> Result<Option<Refresh>, StoreError> {
    let Refresh { outline, marks, bid, .. } = &refresh;
    let mut course = FlightCourse::begin(door);
    let bid = Bid { expected_cost, since: door.clock.now(), ..bid.clone() };
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

// Never for a job that has ended or cannot run, nor where calls are kept back or money is short: neither for all, nor for an agent that has
// limits of its own, which what the host asks does not count against.
async fn may_be(door: &GatewayDoor, refresh: &Refresh) -> Result<bool, StoreError> {
    let job = door.store.job(refresh.job).await?;
    if job.is_none_or(|job| job.state.is_final())
        || !door.refreshes.who_runs.can_run(&refresh.agent)
        || door.store.queue_pause().await?.is_some()
    {
        return Ok(false);
    }
    if door.breaker.kept_back(refresh.bid.model()).is_some() || door.store.brake().await?.engaged() {
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
            let usage = bill.believable(&flight.bid().row);
            let miss = is_certain.then(|| learns(door, refresh, &usage, flight.held().at)).flatten();
            let note = Note {
                detail: bill.detail(answer.stop_reason().unwrap_or("unknown")),
                model: answer.models().last().cloned(),
                // Nobody would have asked it: all that it costs is less saved.
                cache: CacheEffect {
                    saved: if is_certain { Nanodollars::ZERO - bill.cost } else { Nanodollars::ZERO },
                    miss,
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

// Takes what a refresh told of its model's cache; which miss it was, if it was one.
fn learns(door: &GatewayDoor, refresh: &Refresh, usage: &Usage, at: Timestamp) -> Option<CacheMiss> {
    let Refresh { job, agent, outline, marks, bid, .. } = refresh;
    let (whose, model) = (Whose { who: agent, job: Some(*job) }, bid.model());
    let mut caches = caches(door);
    let missed = caches.missed(whose, outline, marks, model, usage, at);
    caches.refreshed(agent, outline, marks, model, usage, at);
    door.habits.keep(&caches.habits);
    missed.map(|missed| missed.priced(&bid.row, usage))
}
