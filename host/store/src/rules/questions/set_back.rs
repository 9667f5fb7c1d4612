//! The ledger's time is set back: what was asked at a time that was wrong is asked now, with as much time for its
//! answer, and the next message is due as ever.

use super::ending::read_or_pass;
use super::find::select_questions;
use super::links;
use crate::StoreError;
use crate::engine::params;
use crate::rules::tx::Tx;
use anvil_types::{PersonQuestion, Timestamp};

/// Open questions that were asked at a time that is still to come.
pub(crate) const AHEAD: &str =
    select_questions!("INDEXED BY questions_open WHERE state = 'open' AND upstream = ?1 AND opened_at > ?2");

/// This upstream's time is set back to the present one.
pub(crate) fn time_is_set_back(tx: &Tx<'_>) -> Result<(), StoreError> {
    let ahead = tx.all(AHEAD, params![tx.policy.upstream.name(), tx.now.micros()], read_or_pass)?;
    for kept in ahead.into_iter().flatten() {
        let before = &kept.question;
        let expires_at = before.expires_at.map(|at| tx.now + at.since(before.opened_at));
        let after = PersonQuestion { opened_at: tx.now, expires_at, ..before.clone() };
        tx.run(
            "UPDATE questions SET opened_at = ?2, expires_at = ?3 WHERE seq = ?1",
            params![kept.seq, after.opened_at.micros(), expires_at.map(Timestamp::micros)],
        )?;
        links::moved(tx, kept.seq, before, &after)?;
    }
    tx.run(
        "DELETE FROM question_rings WHERE upstream = ?1 AND rings_at > ?2",
        params![tx.policy.upstream.name(), tx.now.micros()],
    )
    .map(drop)
}
