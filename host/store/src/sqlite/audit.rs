//! What people changed.

use super::moves;
use super::tx::Tx;
use crate::engine::{Db, Row, params};
use crate::{AuditEntry, StoreError};
use anvil_types::{UpstreamKind, WaitReason};

/// Notes what somebody changed.
pub(super) fn note(tx: &Tx<'_>, by: &str, action: &str, detail: &str) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO audit (at, who, action, detail, upstream) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![tx.now.micros(), by, action, detail, tx.policy.upstream.name()],
    )
    .map(drop)
}

/// What people changed, the newest first.
pub(super) fn list(db: &Db, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
    let select = "SELECT at, who, action, detail FROM audit ORDER BY seq DESC LIMIT ?1";
    db.all(select, [limit], read)
}

/// What people changed of one kind for an upstream, the newest first; what has no upstream beside it is older
/// than that.
pub(super) fn of_kind(
    db: &Db,
    upstream: UpstreamKind,
    kind: &str,
    limit: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let select = "SELECT at, who, action, detail FROM audit
         WHERE substr(action, 1, length(?1) + 1) = ?1 || '.' AND (upstream IS NULL OR upstream = ?3)
         ORDER BY seq DESC LIMIT ?2";
    db.all(select, params![kind, limit, upstream.name()], read)
}

fn read(row: &Row<'_>) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        at: row.time("at")?,
        by: row.get("who")?,
        action: row.get("action")?,
        detail: row.get("detail")?,
    })
}

/// Switches an agent off or on; its jobs that waited for that go on.
pub(super) fn set_agent_disabled(
    tx: &mut Tx<'_>,
    agent: &str,
    disabled: bool,
    by: &str,
) -> Result<(), StoreError> {
    let upstream = tx.policy.upstream.name();
    if disabled {
        tx.run(
            "INSERT INTO agents_off (upstream, name, who, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (upstream, name) DO NOTHING",
            params![upstream, agent, by, tx.now.micros()],
        )?;
        return note(tx, by, "agent.disable", agent);
    }
    tx.run("DELETE FROM agents_off WHERE upstream = ?1 AND name = ?2", [upstream, agent])?;
    note(tx, by, "agent.enable", agent)?;
    moves::resume(tx, &[WaitReason::AgentDisabled], Some(agent)).map(drop)
}

/// The plugins that unfinished jobs of any upstream are pinned to.
pub(super) fn pinned_plugins(db: &Db) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT DISTINCT plugin_digest FROM jobs \
               WHERE state IN ('running', 'queued', 'parked', 'scheduled') AND plugin_digest IS NOT NULL";
    db.all(sql, params![], |row| row.get(0))
}

/// The longest reason that a person gives, in characters: it stands on pages that are fetched again and again.
const LONGEST_REASON: usize = 1_000;

/// Refuses words of a person that are longer than anybody reads.
pub(super) fn check_reason(words: &str) -> Result<(), StoreError> {
    let length = words.chars().count();
    if length > LONGEST_REASON {
        return Err(StoreError::BadChange(format!(
            "a reason or a note has at most {LONGEST_REASON} characters; this one has {length}"
        )));
    }
    Ok(())
}

/// Agents that a person switched off for an upstream.
pub(super) fn disabled_agents(db: &Db, upstream: UpstreamKind) -> Result<Vec<String>, StoreError> {
    let select = "SELECT name FROM agents_off WHERE upstream = ?1 ORDER BY name";
    db.all(select, [upstream.name()], |row| row.get(0))
}
