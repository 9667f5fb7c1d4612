//! What people changed.

use crate::engine::{Db, Row, params};
use crate::rules::tx::Tx;
use crate::{AuditEntry, StoreError};
use anvil_types::UpstreamKind;

/// Notes what somebody changed.
pub(crate) fn note(tx: &Tx<'_>, by: &str, action: &str, detail: &str) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO audit (at, who, action, detail, upstream) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![tx.now.micros(), by, action, detail, tx.policy.upstream.name()],
    )
    .map(drop)
}

/// What people changed, the newest first.
pub(crate) fn list(db: &Db, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
    let select = "SELECT at, who, action, detail FROM audit ORDER BY seq DESC LIMIT ?1";
    db.all(select, [limit], read)
}

/// What people changed of one kind for an upstream, the newest first; what has no upstream beside it is older
/// than that.
pub(crate) fn of_kind(
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

/// The longest reason that a person gives, in characters: it stands on pages that are fetched again and again.
const LONGEST_REASON: usize = 1_000;

/// Refuses words of a person that are longer than anybody reads.
pub(crate) fn check_reason(words: &str) -> Result<(), StoreError> {
    let length = words.chars().count();
    if length > LONGEST_REASON {
        return Err(StoreError::BadChange(format!(
            "a reason or a note has at most {LONGEST_REASON} characters; this one has {length}"
        )));
    }
    Ok(())
}
