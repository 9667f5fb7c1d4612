//! Prices that people set at run time.

use super::audit;
use super::columns::{Columns, all};
use super::tx::Tx;
use crate::{PriceChange, StoreError};
use anvil_budget::NewPrice;
use anvil_types::EventKind;
use rusqlite::{Connection, params};

/// All of them, by the row's id.
pub(super) fn list(conn: &Connection) -> Result<Vec<PriceChange>, StoreError> {
    let rows = all(conn, "SELECT body, who, at FROM price_rows ORDER BY id", [], |row| {
        Ok((row.get::<_, String>("body")?, row.get::<_, String>("who")?, row.time("at")?))
    })?;
    rows.into_iter()
        .map(|(body, by, at)| {
            let price = serde_json::from_str(&body).map_err(|error| StoreError::Backend(Box::new(error)))?;
            Ok(PriceChange { price, by, at })
        })
        .collect()
}

/// Sets a price; one of the same id is replaced.
pub(super) fn put(tx: &mut Tx<'_>, price: &NewPrice, by: &str) -> Result<(), StoreError> {
    let body = serde_json::to_string(price).map_err(|error| StoreError::Backend(Box::new(error)))?;
    tx.run(
        "INSERT INTO price_rows (id, body, who, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body, who = excluded.who, at = excluded.at",
        params![price.id(), body, by, tx.now.micros()],
    )?;
    audit::note(tx, by, "prices.set", &body)?;
    tx.tell(None, EventKind::Prices);
    Ok(())
}

/// Takes a price away that was set at run time. Answers whether there was one.
pub(super) fn reset(tx: &mut Tx<'_>, id: &str, by: &str) -> Result<bool, StoreError> {
    let gone = tx.run("DELETE FROM price_rows WHERE id = ?1", [id])? > 0;
    if gone {
        audit::note(tx, by, "prices.reset", id)?;
        tx.tell(None, EventKind::Prices);
    }
    Ok(gone)
}
