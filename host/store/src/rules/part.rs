//! A part of a command that may fail by itself.

use crate::StoreError;
use crate::engine::params;
use crate::rules::reload;
use crate::rules::tx::Tx;

/// Does a part of the command that may fail by itself: what it wrote is undone then, and the rest stands.
/// The outer error says that the whole transaction is gone.
pub(crate) fn part<T>(
    tx: &mut Tx<'_>,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
) -> Result<Result<T, StoreError>, StoreError> {
    tx.run("SAVEPOINT part", params![])?;
    let told = tx.news.len();
    let moved = std::mem::take(&mut tx.policy.moved);
    let touched = std::mem::take(&mut tx.policy.touched);
    let done = work(tx);
    if tx.db.has_rolled_back() {
        return Err(done
            .err()
            .unwrap_or_else(|| StoreError::Backend("the transaction was rolled back".into())));
    }
    if done.is_err() {
        tx.news.truncate(told);
        tx.run("ROLLBACK TO part", params![])?;
        if tx.policy.moved || tx.policy.touched {
            reload::everything(tx.policy, tx.db)?;
        }
    }
    tx.policy.moved |= moved;
    tx.policy.touched |= touched;
    tx.run("RELEASE part", params![])?;
    Ok(done)
}
