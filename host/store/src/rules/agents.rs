//! Agents that a person switched off, and the plugins that jobs are pinned to.

use crate::StoreError;
use crate::engine::{Db, params};
use crate::rules::audit;
use crate::rules::jobs::transition;
use crate::rules::tx::Tx;
use anvil_types::{UpstreamKind, WaitReason};

/// Switches an agent off or on; its jobs that waited for that go on.
pub(crate) fn set_disabled(tx: &mut Tx<'_>, agent: &str, disabled: bool, by: &str) -> Result<(), StoreError> {
    let upstream = tx.policy.upstream.name();
    if disabled {
        tx.run(
            "INSERT INTO agents_off (upstream, name, who, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (upstream, name) DO NOTHING",
            params![upstream, agent, by, tx.now.micros()],
        )?;
        return audit::note(tx, by, "agent.disable", agent);
    }
    tx.run("DELETE FROM agents_off WHERE upstream = ?1 AND name = ?2", [upstream, agent])?;
    audit::note(tx, by, "agent.enable", agent)?;
    transition::resume(tx, &[WaitReason::AgentDisabled], Some(agent)).map(drop)
}

/// Agents that a person switched off for an upstream.
pub(crate) fn disabled(db: &Db, upstream: UpstreamKind) -> Result<Vec<String>, StoreError> {
    let select = "SELECT name FROM agents_off WHERE upstream = ?1 ORDER BY name";
    db.all(select, [upstream.name()], |row| row.get(0))
}

/// The plugins that unfinished jobs of any upstream are pinned to.
pub(crate) fn pinned_plugins(db: &Db) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT DISTINCT plugin_digest FROM jobs \
               WHERE state IN ('running', 'queued', 'parked', 'scheduled') AND plugin_digest IS NOT NULL";
    db.all(sql, params![], |row| row.get(0))
}

/// How many unfinished jobs of any upstream go on on each plugin.
pub(crate) fn jobs_by_version(db: &Db) -> Result<Vec<(String, u64)>, StoreError> {
    let sql = "SELECT plugin_digest, count(*) AS jobs FROM jobs \
               WHERE state IN ('running', 'queued', 'parked', 'scheduled') AND plugin_digest IS NOT NULL \
               GROUP BY plugin_digest";
    db.all(sql, params![], |row| Ok((row.get("plugin_digest")?, row.count("jobs")?)))
}
