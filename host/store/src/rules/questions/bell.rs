//! How people are told of questions: those of one name that come within a short time are told of together, and two
//! messages for one name are some minutes apart, so that fifty questions are no fifty rings.

use crate::engine::{Id, params};
use crate::rules::alerts;
use crate::rules::tx::Tx;
use crate::{NewAlert, QuestionRules, StoreError};
use anvil_types::words::{AgentAsks, AlertCause};
use anvil_types::{AlertId, Timestamp};

/// The newest alert for a name, and when its message goes out; where it is not resolved yet.
pub(crate) const RING: &str = "SELECT r.alert AS alert, r.rings_at AS rings_at,
        EXISTS (SELECT 1 FROM alerts a WHERE a.id = r.alert AND a.state <> 'resolved') AS stands
    FROM question_rings r WHERE r.upstream = ?1 AND r.asker = ?2";
/// Whether an alert tells of a question that is open.
pub(crate) const RINGS_FOR: &str =
    "SELECT 1 FROM questions INDEXED BY questions_of_alert WHERE state = 'open' AND alert = ?1 LIMIT 1";

/// Messages for questions that end before the next one is due are at least this part of the usual time apart.
const HURRY: u32 = 10;

/// The alert that tells of a question which is about to be opened: the one whose message is still to go out, or a new
/// one. Of a question that ends before that, at `ends_at`, people are told while they can still answer: a default that
/// nobody could have prevented is nobody's silence.
pub(crate) fn ring(
    tx: &mut Tx<'_>,
    asker: &str,
    ends_at: Option<Timestamp>,
    rules: &QuestionRules,
) -> Result<AlertId, StoreError> {
    let upstream = tx.policy.upstream;
    let last = tx.first(RING, [upstream.name(), asker], |row| {
        Ok((row.id::<AlertId>("alert")?, row.time("rings_at")?, row.get::<bool>("stands")?))
    })?;
    if let Some((alert, rings_at, true)) = last
        && rings_at > tx.now
        && ends_at.is_none_or(|ends_at| rings_at < ends_at)
    {
        return Ok(alert);
    }
    let soonest = last.map(|(_, rang_at, _)| rang_at + rules.ring_every);
    // A time of another clock, from before it was set back, keeps nobody waiting for longer than that.
    let soonest = soonest.filter(|at| *at <= tx.now + rules.ring_every);
    let gathered = tx.now + rules.ring_after;
    // A message that is still to go out is the next one, and comes too late for this question.
    let waits = last.filter(|(_, rings_at, stands)| *stands && *rings_at > tx.now);
    let usual = match waits {
        Some((_, rings_at, _)) => rings_at,
        None => soonest.map_or(gathered, |soonest| soonest.max(gathered)),
    };
    let rings_at: Timestamp = match ends_at {
        Some(ends_at) if ends_at <= usual => {
            let halfway = tx.now + ends_at.since(tx.now) / 2;
            let apart = last.map(|(_, rang_at, _)| rang_at.min(tx.now) + rules.ring_every / HURRY);
            let hurried = gathered.min(halfway);
            apart.map_or(hurried, |apart| apart.max(hurried))
        }
        _ => usual,
    };
    let cause = AlertCause::Asks(AgentAsks { asker, rings_at, with_links: rules.with_links });
    let alert = alerts::raise_later(tx, &NewAlert::of(upstream, &cause), rings_at)?;
    tx.run(
        "INSERT INTO question_rings (upstream, asker, alert, rings_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (upstream, asker) DO UPDATE SET alert = excluded.alert, rings_at = excluded.rings_at",
        params![upstream.name(), asker, alert.bytes(), rings_at.micros()],
    )?;
    Ok(alert)
}

/// Resolves an alert where no question is open any more that it tells of.
pub(crate) fn silence(tx: &mut Tx<'_>, alert: Option<AlertId>) -> Result<(), StoreError> {
    let Some(alert) = alert else { return Ok(()) };
    if tx.first(RINGS_FOR, [alert.bytes()], |_| Ok(()))?.is_some() {
        return Ok(());
    }
    alerts::end(tx, alert).map(drop)
}
