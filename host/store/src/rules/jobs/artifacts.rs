//! Files that a job hands over. Their bytes stand apart, so that a list reads none.

use crate::StoreError;
use crate::engine::{Db, Id, Row, bad_column, params};
use crate::rules::jobs::row::JobHead;
use crate::rules::tx::Tx;
use anvil_types::artifact::BadArtifactName;
use anvil_types::{ArtifactInfo, ArtifactName, EventKind, JobId, Lease};

/// Takes a file; one of the same name is replaced.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    lease: Lease,
    name: &ArtifactName,
    media_type: &str,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let job = JobHead::fenced(tx, lease)?;
    tx.run("DELETE FROM artifacts WHERE job = ?1 AND name = ?2", params![job.seq, name.as_str()])?;
    tx.run(
        "INSERT INTO artifacts (job, name, media_type, size, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            job.seq,
            name.as_str(),
            media_type,
            i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            tx.now.micros()
        ],
    )?;
    let artifact = tx.db.last_row();
    tx.run("INSERT INTO artifact_bytes (artifact, bytes) VALUES (?1, ?2)", params![artifact, bytes])?;
    tx.run(
        "UPDATE jobs SET written = written + ?2 WHERE seq = ?1",
        params![job.seq, i64::try_from(bytes.len()).unwrap_or(i64::MAX)],
    )?;
    tx.tell(Some(job.id), EventKind::Artifact { name: name.as_str().to_owned() });
    Ok(())
}

/// A job's files, by name.
pub(crate) fn list(db: &Db, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError> {
    let select = "SELECT name, media_type, size, created_at FROM artifacts
         WHERE job = (SELECT seq FROM jobs WHERE id = ?1) ORDER BY name";
    db.all(select, [job.bytes()], info)
}

/// The files of a job in this place, by name.
pub(crate) fn of(db: &Db, seq: i64) -> Result<Vec<ArtifactInfo>, StoreError> {
    let select = "SELECT name, media_type, size, created_at FROM artifacts WHERE job = ?1 ORDER BY name";
    db.all(select, [seq], info)
}

/// One file with its bytes.
pub(crate) fn get(
    db: &Db,
    job: JobId,
    name: &ArtifactName,
) -> Result<Option<(ArtifactInfo, Vec<u8>)>, StoreError> {
    let select = "SELECT name, media_type, size, created_at, bytes
         FROM artifacts JOIN artifact_bytes ON artifact = artifacts.id
         WHERE job = (SELECT seq FROM jobs WHERE id = ?1) AND name = ?2";
    db.first(select, params![job.bytes(), name.as_str()], |row| Ok((info(row)?, row.get("bytes")?)))
}

fn info(row: &Row<'_>) -> Result<ArtifactInfo, StoreError> {
    let name: String = row.get("name")?;
    Ok(ArtifactInfo {
        name: name.parse().map_err(|error: BadArtifactName| bad_column("name", error))?,
        media_type: row.get("media_type")?,
        size: row.count("size")?,
        created_at: row.time("created_at")?,
    })
}
