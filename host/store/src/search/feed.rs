//! What the index of each host has not seen yet is kept for it.

use crate::StoreError;
use crate::engine::{Id, params};
use crate::rules::tx::Tx;

/// How far one has come.
const CAME: &str = "INSERT INTO search_feeds (host, change) VALUES (?1, ?2)
    ON CONFLICT (host) DO UPDATE SET change = excluded.change WHERE change <> excluded.change";

/// Those whose host is gone: where it returns, its index begins anew if it has to.
const GONE: &str = "DELETE FROM search_feeds WHERE host <> ?1
    AND NOT EXISTS (SELECT 1 FROM hosts WHERE hosts.host = search_feeds.host AND hosts.until > ?2)";

/// This host's index is at a change, and wants all that come after it.
pub(super) fn came(tx: &mut Tx<'_>, change: i64) -> Result<(), StoreError> {
    tx.run(CAME, params![tx.policy.host.bytes(), change]).map(drop)
}

/// Takes out changes before this one, which this host's index has seen: as far as every other host's has, too.
/// Answers before which one none is left.
pub(super) fn clear_away(tx: &mut Tx<'_>, change: i64) -> Result<i64, StoreError> {
    came(tx, change)?;
    tx.run(GONE, params![tx.policy.host.bytes(), tx.now.micros()])?;
    let seen = tx.first("SELECT min(change) FROM search_feeds", params![], |row| row.get::<i64>(0))?;
    let to = seen.unwrap_or(change).min(change);
    tx.run("DELETE FROM job_changes WHERE change < ?1", [to])?;
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UpkeepStore as _;
    use crate::sqlite::SqliteStore;
    use crate::sqlite::faults::{index_has_begun, options};
    use anvil_types::{HostId, SystemClock, Timestamp};
    use std::sync::Arc;

    async fn host(folder: &std::path::Path, number: u128) -> SqliteStore {
        let host = HostId::new(Timestamp::from_secs(1), number);
        let store =
            SqliteStore::open_beside(options(folder, Arc::new(SystemClock::new())), host).expect("it opens");
        index_has_begun(&store).await;
        store
    }

    #[tokio::test]
    async fn what_another_hosts_index_has_not_seen_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let (one, other) = (host(dir.path(), 1).await, host(dir.path(), 2).await);
        let changes = |tx: &mut Tx<'_>| {
            for change in 1..=10 {
                tx.run("INSERT INTO job_changes (change, job) VALUES (?1, 1)", [change])?;
            }
            came(tx, 10)
        };
        one.write(changes).await.expect("written");
        other.write(|tx| came(tx, 4)).await.expect("written");
        assert_eq!(one.write(|tx| clear_away(tx, 8)).await.expect("cleared"), 4, "the other has seen so far");
        assert_eq!(other.write(|tx| clear_away(tx, 10)).await.expect("cleared"), 8);
        let left = "SELECT count(*) FROM job_changes";
        let left = one.write(move |tx| tx.first(left, params![], |row| row.get::<i64>(0))).await;
        assert_eq!(left.expect("a read works"), Some(3));
        other.close().await;
        drop(other);
        assert_eq!(
            one.write(|tx| clear_away(tx, 10)).await.expect("cleared"),
            10,
            "who has left wants nothing"
        );
    }
}
