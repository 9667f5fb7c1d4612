//! Files that jobs are submitted with: kept once for all jobs that have the same bytes, and read by their digest.

use crate::StoreError;
use crate::engine::{Db, Id, Row, bad_column, number, params};
use crate::rules::tx::Tx;
use anvil_types::artifact::BadArtifactName;
use anvil_types::{ArtifactName, InputDigest, InputInfo, InputSource, JobId, NewInput};
use std::io::{self, Read};

/// The bytes of one piece.
const PIECE: usize = 256 << 10;

/// A file by its digest.
pub(crate) const FIND: &str = "SELECT id FROM input_files WHERE digest = ?1";
/// The files of a job, by name.
pub(crate) const OF_JOB: &str = "SELECT name, media_type, size, digest
    FROM job_inputs CROSS JOIN input_files ON input_files.id = file WHERE job = ?1 ORDER BY name";
/// One of them, and where its bytes are.
pub(crate) const ONE: &str = "SELECT name, media_type, size, digest, file
    FROM job_inputs CROSS JOIN input_files ON input_files.id = file
    WHERE job = (SELECT seq FROM jobs WHERE id = ?1) AND name = ?2";
/// The pieces of a file, in order.
pub(crate) const PIECES: &str = "SELECT bytes FROM input_pieces WHERE file = ?1 ORDER BY place";

/// Refuses files that come without their bytes and that nobody has any more.
pub(crate) fn check(tx: &Tx<'_>, inputs: &[NewInput]) -> Result<(), StoreError> {
    for input in inputs.iter().filter(|input| input.bytes.is_none()) {
        if find(tx, input.info.digest)?.is_none() {
            return Err(StoreError::InputGone { name: input.info.name.clone() });
        }
    }
    Ok(())
}

/// Ties files to a job that was just taken in, and keeps the bytes of those that are new. All that come without theirs
/// have been checked.
pub(crate) fn tie(tx: &Tx<'_>, seq: i64, inputs: &[NewInput]) -> Result<(), StoreError> {
    if inputs.is_empty() {
        return Ok(());
    }
    for input in inputs {
        let file = match (find(tx, input.info.digest)?, &input.bytes) {
            (Some(file), _) => file,
            (None, Some(bytes)) => keep(tx, &input.info, &**bytes)?,
            (None, None) => return Err(StoreError::InputGone { name: input.info.name.clone() }),
        };
        tx.run(
            "INSERT INTO job_inputs (job, name, media_type, file) VALUES (?1, ?2, ?3, ?4)",
            params![seq, input.info.name.as_str(), input.info.media_type, file],
        )?;
    }
    tx.run("UPDATE jobs SET inputs = ?2 WHERE seq = ?1", params![seq, number(inputs.len() as u64)]).map(drop)
}

/// What is told of files that are given, as it is read of a job that has them.
pub(crate) fn told(given: &[NewInput]) -> Vec<InputInfo> {
    let mut told: Vec<_> = given.iter().map(|input| input.info.clone()).collect();
    told.sort_by(|one, other| one.name.cmp(&other.name));
    told
}

/// Whether these are the files that a job has.
pub(crate) fn are_same(there: &[InputInfo], given: &[NewInput]) -> bool {
    there.len() == given.len() && given.iter().all(|input| there.contains(&input.info))
}

/// The files of a job in this place, by name.
pub(crate) fn of(db: &Db, seq: i64) -> Result<Vec<InputInfo>, StoreError> {
    db.all(OF_JOB, [seq], info)
}

/// One file with its bytes.
pub(crate) fn get(
    db: &Db,
    job: JobId,
    name: &ArtifactName,
) -> Result<Option<(InputInfo, Vec<u8>)>, StoreError> {
    let found =
        db.first(ONE, params![job.bytes(), name.as_str()], |row| Ok((info(row)?, row.get("file")?)))?;
    let Some((info, file)) = found else { return Ok(None) };
    let file: i64 = file;
    let mut bytes = Vec::with_capacity(usize::try_from(info.size).unwrap_or(0));
    db.each(PIECES, [file], |row| {
        bytes.extend_from_slice(row.maybe_bytes("bytes")?.unwrap_or_default());
        Ok(())
    })?;
    if bytes.len() as u64 != info.size {
        return Err(damaged(&info, "pieces of it are missing"));
    }
    Ok(Some((info, bytes)))
}

fn find(tx: &Tx<'_>, digest: InputDigest) -> Result<Option<i64>, StoreError> {
    tx.first(FIND, params![digest.0], |row| row.get(0))
}

/// Keeps the bytes of a file, a piece at a time.
fn keep(tx: &Tx<'_>, info: &InputInfo, bytes: &dyn InputSource) -> Result<i64, StoreError> {
    tx.run(
        "INSERT INTO input_files (digest, size) VALUES (?1, ?2)",
        params![info.digest.0, number(info.size)],
    )?;
    let file = tx.db.last_row();
    let mut source = bytes.open().map_err(|error| unread(info, &error))?;
    let mut piece = Vec::with_capacity(PIECE);
    let (mut hasher, mut size) = (blake3::Hasher::new(), 0_u64);
    for place in 0_i64.. {
        piece.clear();
        source.by_ref().take(PIECE as u64).read_to_end(&mut piece).map_err(|error| unread(info, &error))?;
        if piece.is_empty() {
            break;
        }
        hasher.update(&piece);
        size += piece.len() as u64;
        let write = "INSERT INTO input_pieces (file, place, bytes) VALUES (?1, ?2, ?3)";
        tx.run(write, params![file, place, piece])?;
    }
    if size != info.size || *hasher.finalize().as_bytes() != info.digest.0 {
        return Err(damaged(info, "what was read again is not what came"));
    }
    Ok(file)
}

fn unread(info: &InputInfo, error: &io::Error) -> StoreError {
    damaged(info, &error.to_string())
}

fn damaged(info: &InputInfo, why: &str) -> StoreError {
    StoreError::Backend(format!("the file `{}` cannot be read: {why}", info.name).into())
}

fn info(row: &Row<'_>) -> Result<InputInfo, StoreError> {
    let name: String = row.get("name")?;
    Ok(InputInfo {
        name: name.parse().map_err(|error: BadArtifactName| bad_column("name", error))?,
        media_type: row.get("media_type")?,
        size: row.count("size")?,
        digest: InputDigest(row.get("digest")?),
    })
}
