//! What a job's agent reads as its settings: pinned when the job first starts, so that no wait and no restart
//! changes its way.

use crate::StoreError;
use crate::engine::{Db, Id, bad_column, params};
use crate::rules::tx::Tx;
use anvil_types::{AgentValues, JobId};

/// What a job is pinned to.
const OF_JOB: &str = "SELECT settings FROM jobs WHERE seq = ?1";
/// What is kept under a digest.
pub(crate) const BODY: &str = "SELECT body FROM pinned_settings WHERE digest = ?1";
/// What no job reads any more.
pub(crate) const FORGET: &str = "DELETE FROM pinned_settings WHERE NOT EXISTS (
    SELECT 1 FROM jobs INDEXED BY jobs_by_settings WHERE settings = digest AND settings <> x'')";

/// What a job that is taken out reads: what it read when it first started, else what is in force, whose digest is
/// then answered too, to be noted with the job.
pub(crate) fn at_claim(
    tx: &Tx<'_>,
    seq: i64,
    in_force: &AgentValues,
) -> Result<(AgentValues, Option<Vec<u8>>), StoreError> {
    match of_row(tx.db, seq)? {
        Some(pinned) => Ok((pinned, None)),
        None => Ok((in_force.clone(), Some(keep(tx, in_force)?))),
    }
}

/// Keeps values under their digest, once; none have an empty one.
fn keep(tx: &Tx<'_>, values: &AgentValues) -> Result<Vec<u8>, StoreError> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let body = serde_json::to_string(values).map_err(|error| StoreError::Backend(Box::new(error)))?;
    let digest = blake3::hash(body.as_bytes()).as_bytes().to_vec();
    tx.run(
        "INSERT INTO pinned_settings (digest, body) VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING",
        params![digest, body],
    )?;
    Ok(digest)
}

fn of_row(db: &Db, seq: i64) -> Result<Option<AgentValues>, StoreError> {
    let Some(digest) = db.first(OF_JOB, [seq], |row| row.get::<Option<Vec<u8>>>(0))?.flatten() else {
        return Ok(None);
    };
    if digest.is_empty() {
        return Ok(Some(AgentValues::default()));
    }
    let kept = db.first(BODY, params![digest], |row| row.structure("body"))?;
    kept.map(Some).ok_or_else(|| bad_column("settings", Gone))
}

/// What a job is pinned to is not there.
#[derive(Debug, thiserror::Error)]
#[error("the settings that the job started with are not kept any more")]
struct Gone;

/// What a job reads; none where it never started.
pub(crate) fn of(db: &Db, job: JobId) -> Result<Option<AgentValues>, StoreError> {
    let seq = db.first("SELECT seq FROM jobs WHERE id = ?1", [job.bytes()], |row| row.get(0))?;
    seq.map_or(Ok(None), |seq| of_row(db, seq))
}

/// Takes out what no job reads any more.
pub(crate) fn forget(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.run(FORGET, params![]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::lock::DataFolder;
    use crate::sqlite::{connect, migrate};
    use anvil_types::Timestamp;

    #[test]
    fn settings_are_kept_for_as_long_as_a_job_reads_them() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::lock(dir.path()).expect("it is free");
        let db = connect::writing(&folder.database()).expect("it opens");
        migrate::migrate(&db, &folder, Timestamp::default()).expect("the schema");
        let kept = |digest: u8| {
            let found = db.first(BODY, params![vec![digest; 32]], |row| row.get::<String>(0));
            found.expect("a read works").is_some()
        };
        for digest in [1_u8, 2, 3] {
            db.run("INSERT INTO pinned_settings VALUES (?1, '{}')", params![vec![digest; 32]]).expect("kept");
        }
        let jobs: [(i64, Vec<u8>); 4] =
            [(1, vec![1; 32]), (2, vec![1; 32]), (3, vec![2; 32]), (4, Vec::new())];
        for (seq, settings) in jobs {
            let id = u128::try_from(seq).expect("a number").to_be_bytes().to_vec();
            let job =
                "INSERT INTO jobs (seq, id, state, agent, action, upstream, priority, ready_at, max_attempts,
                 max_cost, tags, created_at, settings)
                 VALUES (?1, ?2, 'queued', 'a', 'b', 'simulated', 2, 0, 3, 0, '[]', 0, ?3)";
            db.run(job, params![seq, id, settings]).expect("a job");
        }
        db.run(FORGET, params![]).expect("forgotten");
        assert_eq!([1, 2, 3].map(kept), [true, true, false]);
        db.run("DELETE FROM jobs WHERE seq IN (2, 3)", params![]).expect("they go");
        db.run(FORGET, params![]).expect("forgotten");
        assert_eq!([1, 2, 3].map(kept), [true, false, false], "another job reads the first still");
    }
}
