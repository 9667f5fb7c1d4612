//! From a bid to a flight: pace and money are taken in one step.

use crate::door::GatewayDoor;
use crate::flight::Flight;
use crate::flight::bid::Bid;
use crate::flight::watcher::Watcher;
use crate::line::candidate::Candidate;
use crate::line::denied::Denied;
use crate::upstream::circuit::Passed;
use crate::upstream::gate::KeptBack;
use std::sync::atomic::Ordering;

/// What stays the same over the tries of one call.
#[derive(Debug)]
pub(crate) struct FlightCourse {
    /// Its place in the queue.
    pub arrival: u64,
    /// The successes of its model when it first went out.
    pub since: Option<u64>,
}

impl FlightCourse {
    /// A call comes now.
    pub(crate) fn begin(door: &GatewayDoor) -> Self {
        Self { arrival: door.admission.arrive(), since: None }
    }
}

/// Waits until the bid may go out, with its money held; or says why it may not.
pub(crate) async fn admit<'d>(
    door: &'d GatewayDoor,
    bid: Bid,
    course: &mut FlightCourse,
    watcher: &mut impl Watcher,
) -> Result<Flight<'d>, Denied> {
    let (passed, candidate) = candidate(door, &bid, course)?;
    let id = candidate.hold.id;
    let admitted = match door.admission.pass(candidate).await {
        Ok(admitted) => admitted,
        Err(candidate) => tokio::select! {
            admitted = door.admission.admit(*candidate) => admitted,
            () = watcher.gone() => return Err(Denied::Gone),
        },
    };
    let (at, taken) = admitted?.take();
    let mut flight = Flight::new(door, bid, id, at, taken, passed);
    still_so(&mut flight).await?;
    Ok(flight)
}

/// The same for a bid that waits for nothing: none where it would have to.
pub(crate) async fn admit_at_once<'d>(
    door: &'d GatewayDoor,
    bid: Bid,
    course: &mut FlightCourse,
) -> Result<Option<Flight<'d>>, Denied> {
    let (passed, candidate) = candidate(door, &bid, course)?;
    let id = candidate.hold.id;
    let Ok(admitted) = door.admission.pass(candidate).await else { return Ok(None) };
    let (at, taken) = admitted?.take();
    let mut flight = Flight::new(door, bid, id, at, taken, passed);
    still_so(&mut flight).await?;
    Ok(Some(flight))
}

// What stands in the line for a bid, and the circuit's leave for it.
fn candidate<'d>(
    door: &'d GatewayDoor,
    bid: &Bid,
    course: &mut FlightCourse,
) -> Result<(Passed<'d>, Candidate), Denied> {
    if door.closing.load(Ordering::Relaxed) {
        return Err(Denied::Closing);
    }
    if door.store_failed.load(Ordering::Relaxed) {
        return Err(Denied::StoreFailing);
    }
    // Where something was in trouble, the first that comes after is its trial, and the only one.
    let passed = door.breaker.pass(bid.model()).map_err(Denied::KeptBack)?;
    course.since.get_or_insert_with(|| door.strikes().successes(bid.model()));
    let id = door.new_call_id();
    let candidate = Candidate {
        priority: bid.priority,
        since: bid.since,
        arrival: course.arrival,
        hold: bid.hold(id, door.config.upstream.kind, passed.tries_account()),
        expected: bid.expected,
        cost: bid.expected_cost,
        warm: bid.warm,
    };
    Ok((passed, candidate))
}

/// Whether a flight that waited with its money held may still go out. One that may not is released.
pub(crate) async fn still_may(flight: &mut Flight<'_>) -> Result<(), Denied> {
    let door = flight.door;
    let is_closing = door.closing.load(Ordering::Relaxed);
    // Whoever pulls the brake means what has not been sent.
    let is_braked = !is_closing && door.store.brake().await.map_err(Denied::Failed)?.engaged();
    if is_closing || is_braked {
        let why = if is_closing { "the host ends" } else { "braked" };
        flight.release(why, None).await.map_err(Denied::Failed)?;
        return Err(if is_closing { Denied::Closing } else { Denied::Stale });
    }
    still_so(flight).await
}

// What may have changed while it waited in the queue: its price, and the upstream's trouble.
async fn still_so(flight: &mut Flight<'_>) -> Result<(), Denied> {
    let (door, bid) = (flight.door, &flight.bid);
    let prices = door.prices();
    let now_in_force = prices.row(bid.model(), bid.row.speed.as_deref(), flight.held.at);
    let price_changed = now_in_force.is_ok_and(|row| *row != bid.row);
    let passed = flight.passed.as_ref();
    let tries = |kept: &KeptBack| passed.is_some_and(|passed| passed.tries(&kept.gate));
    let kept = door.breaker.kept_back(bid.model()).filter(|kept| !tries(kept));
    if !price_changed && kept.is_none() {
        return Ok(());
    }
    let why = if price_changed { "price changed" } else { "kept back" };
    flight.release(why, None).await.map_err(Denied::Failed)?;
    Err(kept.map_or(Denied::Stale, Denied::KeptBack))
}
