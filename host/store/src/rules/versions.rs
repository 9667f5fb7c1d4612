//! Versions of agents that are set aside: a person went back from them, or so many jobs broke on them.

use crate::engine::{Db, Row, params};
use crate::rules::tx::Tx;
use crate::rules::{alerts, audit};
use crate::{NewAlert, StoreError, Trap};
use anvil_types::words::{AgentQuarantined, AlertCause, AlertKey, AsideReason};
use anvil_types::{AsideCause, AsideVersion, Timestamp, UpstreamKind};

/// How often a version was broken on since a time.
pub(crate) const TRAPS: &str = "SELECT count(*) AS traps FROM agent_traps WHERE upstream = ?1 AND agent = ?2 AND digest = ?3 AND at > ?4";
/// What does not count any more; a few at a time.
pub(crate) const OLD: &str = "SELECT seq FROM agent_traps WHERE upstream = ?1 AND at <= ?2 LIMIT 1000";
/// Whether a version is set aside.
pub(crate) const IS_ASIDE: &str =
    "SELECT cause FROM versions_aside WHERE upstream = ?1 AND agent = ?2 AND digest = ?3";

/// A run broke on a version: where that is once too often, the version is set aside; answers how.
pub(crate) fn trapped(
    tx: &mut Tx<'_>,
    agent: &str,
    digest: &str,
    trap: &Trap,
) -> Result<Option<AsideVersion>, StoreError> {
    let (upstream, rule) = (tx.policy.upstream, trap.rule);
    if rule.traps == 0 || quarantined(tx, agent, digest)? {
        return Ok(None);
    }
    let since =
        Timestamp::from_micros(tx.now.micros() - i64::try_from(rule.within.as_micros()).unwrap_or(i64::MAX));
    let old: Vec<i64> = tx.all(OLD, params![upstream.name(), since.micros()], |row| row.get(0))?;
    for seq in old {
        tx.run("DELETE FROM agent_traps WHERE seq = ?1", [seq])?;
    }
    tx.run(
        "INSERT INTO agent_traps (upstream, agent, digest, at) VALUES (?1, ?2, ?3, ?4)",
        params![upstream.name(), agent, digest, tx.now.micros()],
    )?;
    let traps: u32 = tx
        .first(TRAPS, params![upstream.name(), agent, digest, since.micros()], |row| row.count("traps"))?
        .unwrap_or(0);
    if traps < rule.traps {
        return Ok(None);
    }
    let reason = AsideReason::Broke { traps, within: rule.within, last: &trap.kind }.to_string();
    let stand_in = trap.instead.as_ref().filter(|instead| instead.digest != digest);
    let instead = stand_in.map(|one| one.digest.as_str());
    tx.run(
        "INSERT INTO versions_aside (upstream, agent, digest, instead, cause, reason, at)
         VALUES (?1, ?2, ?3, ?4, 'quarantined', ?5, ?6)
         ON CONFLICT (upstream, agent, digest) DO UPDATE SET cause = 'quarantined', reason = ?5, at = ?6",
        params![upstream.name(), agent, digest, instead, reason, tx.now.micros()],
    )?;
    tx.run(
        "DELETE FROM agent_traps WHERE upstream = ?1 AND agent = ?2 AND digest = ?3",
        [upstream.name(), agent, digest],
    )?;
    audit::note(tx, "host", "agent.quarantine", &format!("{agent} {} {digest}: {reason}", trap.version))?;
    let named = stand_in.map(|one| (one.version.as_str(), one.digest.as_str()));
    let told = AgentQuarantined { agent, version: &trap.version, digest, reason: &reason, instead: named };
    alerts::raise(tx, &NewAlert::of(upstream, &AlertCause::Quarantine(told)))?;
    let (agent, digest) = (agent.to_owned(), digest.to_owned());
    let (instead, cause, at) = (instead.map(str::to_owned), AsideCause::Quarantined, tx.now);
    Ok(Some(AsideVersion { agent, digest, instead, cause, reason, at }))
}

fn quarantined(tx: &Tx<'_>, agent: &str, digest: &str) -> Result<bool, StoreError> {
    let cause = tx
        .first(IS_ASIDE, [tx.policy.upstream.name(), agent, digest], |row| row.word::<AsideCause>("cause"))?;
    Ok(cause == Some(AsideCause::Quarantined))
}

/// Goes back from a version to another; where the first is set aside already, the other stands in for it now.
pub(crate) fn roll_back(
    tx: &mut Tx<'_>,
    agent: &str,
    from: &str,
    to: &str,
    by: &str,
) -> Result<(), StoreError> {
    if quarantined(tx, agent, to)? {
        return Err(StoreError::BadChange(format!(
            "the version {to} of `{agent}` is in quarantine; release it first"
        )));
    }
    let upstream = tx.policy.upstream.name();
    let reason = AsideReason::RolledBack { by }.to_string();
    tx.run(
        "DELETE FROM versions_aside WHERE upstream = ?1 AND agent = ?2 AND digest = ?3",
        [upstream, agent, to],
    )?;
    tx.run(
        "INSERT INTO versions_aside (upstream, agent, digest, instead, cause, reason, at)
         VALUES (?1, ?2, ?3, ?4, 'rolled_back', ?5, ?6)
         ON CONFLICT (upstream, agent, digest) DO UPDATE SET instead = ?4",
        params![upstream, agent, from, to, reason, tx.now.micros()],
    )?;
    audit::note(tx, by, "agent.roll_back", &format!("{agent} from {from} to {to}"))
}

/// Puts the versions in force again from which people went back; answers whether there were any.
pub(crate) fn forward(tx: &mut Tx<'_>, agent: &str, by: &str) -> Result<bool, StoreError> {
    let gone = tx.run(
        "DELETE FROM versions_aside WHERE upstream = ?1 AND agent = ?2 AND cause = 'rolled_back'",
        [tx.policy.upstream.name(), agent],
    )?;
    if gone > 0 {
        audit::note(tx, by, "agent.roll_forward", agent)?;
    }
    Ok(gone > 0)
}

/// Ends the quarantine of an agent's versions, and what was counted against them; answers whether any was in it.
pub(crate) fn release(tx: &mut Tx<'_>, agent: &str, by: &str) -> Result<bool, StoreError> {
    let upstream = tx.policy.upstream;
    let gone = tx.run(
        "DELETE FROM versions_aside WHERE upstream = ?1 AND agent = ?2 AND cause = 'quarantined'",
        [upstream.name(), agent],
    )?;
    tx.run("DELETE FROM agent_traps WHERE upstream = ?1 AND agent = ?2", [upstream.name(), agent])?;
    if gone > 0 {
        audit::note(tx, by, "agent.release", agent)?;
        alerts::resolve(tx, upstream, &AlertKey::Quarantine { upstream, agent })?;
    }
    Ok(gone > 0)
}

/// The file of an agent has this version now: where it is another than those that people went back from, that is over.
/// Answers whether anything changed.
pub(crate) fn came(tx: &mut Tx<'_>, agent: &str, digest: &str) -> Result<bool, StoreError> {
    let upstream = tx.policy.upstream;
    if tx.first(IS_ASIDE, [upstream.name(), agent, digest], |_| Ok(()))?.is_some() {
        return Ok(false);
    }
    let gone = tx.run(
        "DELETE FROM versions_aside WHERE upstream = ?1 AND agent = ?2 AND cause = 'rolled_back'",
        [upstream.name(), agent],
    )?;
    alerts::resolve(tx, upstream, &AlertKey::Quarantine { upstream, agent })?;
    if gone > 0 {
        audit::note(tx, "host", "agent.roll_forward", &format!("{agent}: its file has {digest}"))?;
    }
    Ok(gone > 0)
}

/// The versions that are set aside for an upstream, by agent.
pub(crate) fn all(db: &Db, upstream: UpstreamKind) -> Result<Vec<AsideVersion>, StoreError> {
    let select = "SELECT agent, digest, instead, cause, reason, at FROM versions_aside WHERE upstream = ?1
        ORDER BY agent, digest";
    db.all(select, [upstream.name()], read)
}

fn read(row: &Row<'_>) -> Result<AsideVersion, StoreError> {
    Ok(AsideVersion {
        agent: row.get("agent")?,
        digest: row.get("digest")?,
        instead: row.get("instead")?,
        cause: row.word("cause")?,
        reason: row.get("reason")?,
        at: row.time("at")?,
    })
}
