//! Prices that people set at run time.

use crate::engine::{Db, params};
use crate::rules::tx::Tx;
use crate::rules::{alerts, audit};
use crate::{NewAlert, PriceChange, StoreError};
use anvil_budget::{NewPrice, PriceTable};
use anvil_types::words::{AlertCause, PriceDropped};
use anvil_types::{EventKind, UpstreamKind};

const SELECT: &str = "SELECT id, body, who, at FROM price_rows WHERE upstream = ?1 ORDER BY id";

/// An upstream's, by the row's id.
pub(crate) fn list(db: &Db, upstream: UpstreamKind) -> Result<Vec<PriceChange>, StoreError> {
    let rows = db.all(SELECT, [upstream.name()], |row| {
        Ok((row.get::<String>("body")?, row.get::<String>("who")?, row.time("at")?))
    })?;
    rows.into_iter()
        .map(|(body, by, at)| {
            let price = serde_json::from_str(&body).map_err(|error| StoreError::Backend(Box::new(error)))?;
            Ok(PriceChange { price, by, at })
        })
        .collect()
}

/// Takes away what was set at run time and makes no sense beside the prices of these settings: a start must
/// not fail by it. Answers a sentence for each.
pub(crate) fn judge_stored(tx: &mut Tx<'_>, table: &PriceTable) -> Result<Vec<String>, StoreError> {
    let upstream = tx.policy.upstream;
    let rows = tx
        .db
        .all(SELECT, [upstream.name()], |row| Ok((row.get::<String>("id")?, row.get::<String>("body")?)))?;
    let mut said = Vec::new();
    for (id, body) in rows {
        let judged = serde_json::from_str::<NewPrice>(&body)
            .map_err(|error| error.to_string())
            .and_then(|price| table.with_changes(&[price]).map(drop).map_err(|error| error.to_string()));
        let Err(why) = judged else { continue };
        tx.run("DELETE FROM price_rows WHERE upstream = ?1 AND id = ?2", [upstream.name(), &id])?;
        audit::note(tx, "anvil", "prices.reset", &format!("{id}: {why}"))?;
        let dropped = PriceDropped { id: &id, why: &why };
        said.push(dropped.to_string());
        alerts::raise(tx, &NewAlert::of(upstream, &AlertCause::Price(dropped)))?;
    }
    Ok(said)
}

/// Sets a price; one of the same id is replaced.
pub(crate) fn put(tx: &mut Tx<'_>, price: &NewPrice, by: &str) -> Result<(), StoreError> {
    let body = serde_json::to_string(price).map_err(|error| StoreError::Backend(Box::new(error)))?;
    tx.run(
        "INSERT INTO price_rows (upstream, id, body, who, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (upstream, id) DO UPDATE SET body = excluded.body, who = excluded.who, at = excluded.at",
        params![tx.policy.upstream.name(), price.id(), body, by, tx.now.micros()],
    )?;
    audit::note(tx, by, "prices.set", &body)?;
    tx.tell(None, EventKind::Prices);
    Ok(())
}

/// Takes a price away that was set at run time. Answers whether there was one.
pub(crate) fn reset(tx: &mut Tx<'_>, id: &str, by: &str) -> Result<bool, StoreError> {
    let gone = tx
        .run("DELETE FROM price_rows WHERE upstream = ?1 AND id = ?2", [tx.policy.upstream.name(), id])?
        > 0;
    if gone {
        audit::note(tx, by, "prices.reset", id)?;
        tx.tell(None, EventKind::Prices);
    }
    Ok(gone)
}
