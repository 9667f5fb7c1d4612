//! The one look at the limits, in every transaction that moves money or limits and at start: it carries
//! out what the account calls for.

use crate::engine::{Db, params};
use crate::rules::alerts;
use crate::rules::money::{brake, spend};
use crate::rules::tx::Tx;
use crate::{NewAlert, StoreError};
use anvil_budget::thresholds::THRESHOLDS;
use anvil_budget::{Change, Watch, WatchKey};
use anvil_types::words::{AlertCause, AlertKey};
use anvil_types::{BrakeCauseKind, Scope, UpstreamKind};
use std::collections::{BTreeMap, BTreeSet};

/// What has been told of each limit.
pub(crate) fn load(db: &Db) -> Result<BTreeMap<WatchKey, Watch>, StoreError> {
    let rows = db.all("SELECT upstream, scope, window, start, level FROM watches", params![], |row| {
        let key: WatchKey = (row.word("upstream")?, row.word("scope")?, row.word("window")?);
        Ok((key, Watch { start: row.time("start")?, level: row.count("level")? }))
    })?;
    Ok(rows.into_iter().collect())
}

/// Looks at the limits that a call of these scopes falls under.
pub(crate) fn evaluate(tx: &mut Tx<'_>, upstream: UpstreamKind, scopes: &[Scope]) -> Result<(), StoreError> {
    if brake::end_what_is_over(tx)? {
        // The new day may be full already, by a limit that was lowered.
        look_at_all(tx)?;
        return brake::after_release(tx);
    }
    let limited = tx.policy.account.limited(scopes);
    look(tx, upstream, &limited)
}

/// Looks at every limit of this host's upstream.
pub(crate) fn evaluate_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let ended = brake::end_what_is_over(tx)?;
    look_at_all(tx)?;
    if ended { brake::after_release(tx) } else { Ok(()) }
}

fn look_at_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    // Another upstream's limits, time and windows are its own host's to look at.
    let upstream = tx.policy.upstream;
    let account = &tx.policy.account;
    let told = account.watches.keys().filter(|(one, _, _)| *one == upstream).map(|(_, scope, _)| scope);
    let scopes: BTreeSet<Scope> = account.limits.keys().chain(told).cloned().collect();
    look(tx, upstream, &scopes.into_iter().collect::<Vec<_>>())
}

fn look(tx: &mut Tx<'_>, upstream: UpstreamKind, scopes: &[Scope]) -> Result<(), StoreError> {
    spend::open_pages(tx, upstream, scopes)?;
    let policy = &mut *tx.policy;
    let ours = |raised: &&crate::rules::policy::Raised| {
        raised.cause.kind == BrakeCauseKind::Day && raised.upstream.is_none_or(|one| one == upstream)
    };
    let raised = policy.raised.iter().find(ours).map(|raised| &raised.cause);
    let muted = policy.muted.iter().find(|(one, _)| *one == upstream).map(|(_, start)| *start);
    let changes = policy.account.evaluate(upstream, scopes, raised, muted, tx.now);
    for change in changes {
        tx.policy.moved = true;
        match change {
            Change::Brake(change) => brake::carry_out(tx, upstream, change)?,
            Change::Watch { key, watch, resolve_above, fire } => {
                keep(tx, &key, watch)?;
                if let Some(level) = resolve_above {
                    for percent in THRESHOLDS.into_iter().filter(|percent| *percent > level) {
                        let (upstream, scope, window) = (key.0, &key.1, key.2);
                        let key = AlertKey::Threshold { upstream, scope, window, percent };
                        alerts::resolve(tx, upstream, &key)?;
                    }
                }
                if let Some(reached) = fire {
                    let alert = NewAlert::of(upstream, &AlertCause::Threshold(&reached));
                    alerts::raise(tx, &alert)?;
                }
            }
        }
    }
    Ok(())
}

fn keep(tx: &Tx<'_>, (upstream, scope, window): &WatchKey, watch: Watch) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO watches (upstream, scope, window, start, level) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (upstream, scope, window) DO UPDATE SET start = excluded.start, level = excluded.level",
        params![upstream.name(), scope.to_string(), window.name(), watch.start.micros(), watch.level],
    )
    .map(drop)
}
