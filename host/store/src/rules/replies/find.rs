//! Looking for a kept reply, and at what is kept.

use crate::engine::{Db, Id, params};
use crate::{KeptReply, ReplyFound, ReplyKey, StoreError};
use anvil_types::{CallId, ReplySize, Timestamp, UpstreamKind};

/// The reply of a key, where it was kept since a time.
pub(crate) const ONE: &str =
    "SELECT agent, call, at, digest, reply FROM replies WHERE upstream = ?1 AND key = ?2 AND at >= ?3";
/// How many there are, and how large together.
pub(crate) const USE: &str = "SELECT entries, bytes FROM reply_use WHERE upstream = ?1";
/// The same by the agent that paid.
const BY_AGENT: &str = "SELECT agent, count(*) AS entries, sum(bytes) AS bytes FROM replies
    WHERE upstream = ?1 GROUP BY agent ORDER BY agent";

/// The digest that a reply is known by.
pub(crate) fn digest(reply: &str) -> [u8; 32] {
    *blake3::hash(reply.as_bytes()).as_bytes()
}

/// The reply of a key, where it was kept since a time and is as it was written.
pub(crate) fn one(
    db: &Db,
    upstream: UpstreamKind,
    key: ReplyKey,
    since: Timestamp,
) -> Result<ReplyFound, StoreError> {
    let found = db.first(ONE, params![upstream.name(), key.0, since.micros()], |row| {
        let call = row.get::<[u8; 16]>("call")?;
        let at = row.time("at")?;
        // What a disk spoilt may be no text any more.
        let (known, reply) = (row.get::<Vec<u8>>("digest"), row.get::<String>("reply"));
        let (Ok(known), Ok(reply)) = (known, reply) else { return Ok(ReplyFound::Damaged) };
        if known != digest(&reply) {
            return Ok(ReplyFound::Damaged);
        }
        Ok(ReplyFound::Kept(KeptReply {
            agent: row.get("agent")?,
            call: CallId::from_bytes(call),
            at,
            reply,
        }))
    })?;
    Ok(found.unwrap_or(ReplyFound::Nothing))
}

/// How many are kept, and how large they are together.
pub(crate) fn size(db: &Db, upstream: UpstreamKind) -> Result<ReplySize, StoreError> {
    let size = db.first(USE, [upstream.name()], |row| {
        Ok(ReplySize { entries: row.count("entries")?, bytes: row.count("bytes")? })
    })?;
    Ok(size.unwrap_or_default())
}

/// The same by the agent that paid for them, in the order of their names.
pub(crate) fn sizes(db: &Db, upstream: UpstreamKind) -> Result<Vec<(String, ReplySize)>, StoreError> {
    db.all(BY_AGENT, [upstream.name()], |row| {
        let size = ReplySize { entries: row.count("entries")?, bytes: row.count("bytes")? };
        Ok((row.get("agent")?, size))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::lock::DataFolder;
    use crate::sqlite::{connect, migrate};

    #[test]
    fn what_is_not_what_was_written_is_damaged_whatever_became_of_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::lock(dir.path()).expect("it is free");
        let db = connect::writing(&folder.database()).expect("it opens");
        migrate::migrate(&db, &folder, Timestamp::default()).expect("the schema");
        let (key, upstream) = (ReplyKey([7; 32]), UpstreamKind::Live);
        db.run(
            "INSERT INTO replies (upstream, key, agent, call, at, used, bytes, digest, reply)
             VALUES ('live', ?1, 'writer', zeroblob(16), 5, 5, 2, ?2, '{}')",
            params![key.0, digest("{}")],
        )
        .expect("a row");
        let found = || one(&db, upstream, key, Timestamp::default()).expect("a read works");
        assert!(matches!(found(), ReplyFound::Kept(kept) if kept.reply == "{}"));
        assert_eq!(
            one(&db, UpstreamKind::Simulated, key, Timestamp::default()).expect("a read"),
            ReplyFound::Nothing
        );
        assert_eq!(one(&db, upstream, key, Timestamp::from_micros(6)).expect("a read"), ReplyFound::Nothing);
        for damage in [
            "reply = '[]'",
            "reply = ''",
            "reply = CAST(x'80' AS TEXT)",
            "digest = zeroblob(32)",
            "digest = x''",
        ] {
            db.run("UPDATE replies SET digest = ?1, reply = '{}'", params![digest("{}")])
                .expect("whole again");
            db.run(&format!("UPDATE replies SET {damage}"), params![]).expect("damaged");
            assert_eq!(found(), ReplyFound::Damaged, "{damage}");
        }
    }
}
