//! Whose turn it is, as far as no job's own row says it: kept in tables, since a start and another host go on with it.

use crate::StoreError;
use crate::engine::{Db, params};
use crate::rules::tx::Tx;
use anvil_types::{Timestamp, UpstreamKind};
use std::collections::BTreeMap;

/// How many critical jobs in a row have overtaken others.
pub(crate) const OVERTAKES: &str = "SELECT overtakes FROM queue_turns WHERE upstream = ?1";
/// When what jobs wait for has come.
pub(crate) const NEWS: &str = "SELECT what, agent, at FROM queue_news WHERE upstream = ?1";

/// What came last, and when, of what jobs wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turns {
    /// Critical jobs in a row that have overtaken others.
    pub(crate) overtakes: u32,
    /// When limits were changed, or a correction made room.
    pub(crate) room_at: Timestamp,
    /// When jobs that wait for an agent were put back into the queue: by its name, and under no name where all were.
    pub(crate) agents_at: BTreeMap<String, Timestamp>,
}

/// What the tables know of an upstream.
pub(crate) fn load(db: &Db, upstream: UpstreamKind) -> Result<Turns, StoreError> {
    let overtakes = db.first(OVERTAKES, [upstream.name()], |row| row.count("overtakes"))?;
    let mut turns = Turns { overtakes: overtakes.unwrap_or(0), ..Turns::default() };
    db.each(NEWS, [upstream.name()], |row| {
        let at = row.time("at")?;
        if row.text("what")? == "room" {
            turns.room_at = at;
        } else {
            turns.agents_at.insert(row.get("agent")?, at);
        }
        Ok(())
    })?;
    Ok(turns)
}

/// So many critical jobs in a row have overtaken others now.
pub(crate) fn overtaken(tx: &mut Tx<'_>, overtakes: u32) -> Result<(), StoreError> {
    if tx.policy.turns.overtakes == overtakes {
        return Ok(());
    }
    tx.policy.moved = true;
    tx.policy.turns.overtakes = overtakes;
    tx.run(
        "INSERT INTO queue_turns (upstream, overtakes) VALUES (?1, ?2)
         ON CONFLICT (upstream) DO UPDATE SET overtakes = excluded.overtakes",
        params![tx.policy.upstream.name(), overtakes],
    )
    .map(drop)
}

/// Limits were changed, or a correction made room: who was refused before is on the way to wait for what has come.
pub(crate) fn room_came(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.policy.moved = true;
    tx.policy.turns.room_at = tx.now;
    came(tx, "room", "")
}

/// An agent came, or all of them did; who is on the way to being parked for it has come too late.
pub(crate) fn agent_came(tx: &mut Tx<'_>, agent: Option<&str>) -> Result<(), StoreError> {
    let agent = agent.unwrap_or_default();
    tx.policy.moved = true;
    tx.policy.turns.agents_at.insert(agent.to_owned(), tx.now);
    came(tx, "agent", agent)
}

fn came(tx: &Tx<'_>, what: &str, agent: &str) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO queue_news (upstream, what, agent, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (upstream, what, agent) DO UPDATE SET at = excluded.at",
        params![tx.policy.upstream.name(), what, agent, tx.now.micros()],
    )
    .map(drop)
}

/// The ledger's time is set back: what came at a time that was wrong has come.
pub(crate) fn time_is_set_back(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let (upstream, now) = (tx.policy.upstream, tx.now.micros());
    tx.run("UPDATE queue_news SET at = ?2 WHERE upstream = ?1 AND at > ?2", params![upstream.name(), now])?;
    tx.policy.turns = load(tx.db, upstream)?;
    Ok(())
}
