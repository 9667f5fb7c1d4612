//! What was set before upstreams were kept apart: whether it is in force for live money is decided at the
//! first start with live, which has the settings to judge it by.
//!
//! Live keeps each limit that is no looser than the settings', and each price that is dearer than the settings'
//! or the only one of its model. What is looser was perhaps only played with: the simulator keeps it.

use crate::engine::params;
use crate::rules::money::{limits, scope_limits};
use crate::rules::tx::Tx;
use crate::rules::{alerts, audit, reload};
use crate::{NewAlert, StoreError};
use anvil_budget::{Dearer, NewPrice, PriceTable};
use anvil_types::UpstreamKind;
use anvil_types::words::{AlertCause, SetApart};

/// Under this name stands what is still to be decided.
const UNDECIDED: &str = "undecided";
/// Who decides it.
const BY: &str = "anvil";

/// Decides, where this is the first start with live. Answers a sentence for each decision.
pub(crate) fn decide(tx: &mut Tx<'_>, prices: &PriceTable) -> Result<Vec<String>, StoreError> {
    if tx.policy.upstream != UpstreamKind::Live {
        return Ok(Vec::new());
    }
    let mut said = decide_limits(tx)?;
    let of_prices = decide_prices(tx, prices)?;
    if said.is_empty() && of_prices.is_empty() {
        return Ok(said);
    }
    said.extend(of_prices);
    for limit in scope_limits::list(tx.db, UpstreamKind::Live)? {
        let (scope, window) = (limit.scope, limit.window.name());
        said.push(format!("kept for live: {}_usd = {} of {scope}", window, limit.limit));
    }
    for sentence in &said {
        audit::note(tx, BY, "limits.apart", sentence)?;
    }
    reload::limits_in_force(tx.policy, tx.db)?;
    let apart = AlertCause::Apart(SetApart { said: &said });
    alerts::raise(tx, &NewAlert::of(UpstreamKind::Live, &apart))?;
    Ok(said)
}

fn decide_limits(tx: &Tx<'_>) -> Result<Vec<String>, StoreError> {
    let (changed, _) = limits::changed(tx.db, UNDECIDED)?;
    let base = &tx.policy.base;
    let differences = base.with(&changed).differences(base);
    let mut said = Vec::new();
    for name in changed.names() {
        let difference = differences.iter().find(|difference| difference.name == name);
        let keep = difference.is_none_or(|difference| difference.stricter);
        if keep {
            tx.run(
                "INSERT OR IGNORE INTO limit_changes (upstream, name, value, who, at)
                 SELECT 'live', name, value, who, at FROM limit_changes WHERE upstream = ?1 AND name = ?2",
                [UNDECIDED, name],
            )?;
        }
        said.extend(difference.map(|difference| {
            let (this, other) = (&difference.this, &difference.other);
            if keep {
                format!("kept for live: {name} = {this}, stricter than the settings' {other}")
            } else {
                format!(
                    "dropped for live: {name} = {this}, looser than the settings' {other}, which is in force"
                )
            }
        }));
    }
    tx.run("DELETE FROM limit_changes WHERE upstream = ?1", [UNDECIDED])?;
    Ok(said)
}

fn decide_prices(tx: &Tx<'_>, table: &PriceTable) -> Result<Vec<String>, StoreError> {
    let select = "SELECT id, body FROM price_rows WHERE upstream = ?1 ORDER BY id";
    let rows = tx.db.all(select, [UNDECIDED], |row| Ok((row.get::<String>("id")?, row.json("body")?)))?;
    let mut said = Vec::new();
    for (id, body) in rows {
        let judged = serde_json::from_str::<NewPrice>(body.as_str())
            .map_err(|error| error.to_string())
            .and_then(|price| table.is_dearer(&price, tx.now).map_err(|error| error.to_string()));
        let (keep, why) = match judged {
            Ok(Dearer::OnlyOne) => (true, "the only price of its model".to_owned()),
            Ok(Dearer::Yes) => (true, "dearer than the settings'".to_owned()),
            Ok(Dearer::No) => (false, "not dearer than the settings', which is in force".to_owned()),
            Err(why) => (false, why),
        };
        if keep {
            tx.run(
                "INSERT OR IGNORE INTO price_rows (upstream, id, body, who, at)
                 SELECT 'live', id, body, who, at FROM price_rows WHERE upstream = ?1 AND id = ?2",
                params![UNDECIDED, id],
            )?;
        }
        let what = if keep { "kept" } else { "dropped" };
        said.push(format!("{what} for live: the price {id}, {why}"));
    }
    tx.run("DELETE FROM price_rows WHERE upstream = ?1", [UNDECIDED])?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use crate::sqlite::SqliteOptions;
    use crate::sqlite::SqliteStore;
    use crate::sqlite::connect;
    use crate::sqlite::lock::DataFolder;
    use crate::sqlite::migrate;
    use crate::{AlertFilter, LimitStore, OutboxStore, QueueStore, ReadingStore, UpkeepStore};
    use anvil_budget::{AnyLimits, PriceTable, Windows};
    use anvil_types::{
        AlertKind, BootId, Clock, HostId, Limits, Nanodollars, PerAgent, SystemClock, Timestamp, UpstreamKind,
    };
    use std::path::Path;
    use std::sync::Arc;

    const DRIVEN: i64 = 1_900_000_000_000_000;
    const LIVE_CALL: i64 = 1_700_000_000_000_000;

    fn settings() -> Limits {
        let dollars = Nanodollars::from_dollars;
        Limits {
            hour_usd: dollars(8),
            day_usd: dollars(160),
            month_usd: dollars(200),
            week_hours: 80,
            job_usd: dollars(2),
            requests_per_minute: 45,
            input_tokens_per_minute: 30_000,
            output_tokens_per_minute: 8_000,
            max_input_tokens: 8_000,
            max_output_tokens: 2_000,
            agents_min: 3,
            agents_max: 10,
            queue_max: 200,
        }
    }

    fn open(folder: &Path, upstream: UpstreamKind) -> SqliteStore {
        let clock =
            Arc::new(SystemClock::not_before(SqliteStore::ledger_time(folder, upstream).expect("a time")));
        SqliteStore::open(SqliteOptions {
            supervisor: anvil_types::Supervisor::new(),
            folder: folder.to_owned(),
            marks: None,
            limits: settings(),
            rule: Arc::new(AnyLimits),
            prices: Arc::new(PriceTable::built_in()),
            windows: Windows::new(jiff::tz::TimeZone::UTC),
            upstream,
            max_attempts: PerAgent::same(3),
            shares: crate::QueueShares::default(),
            new_host: HostId::new(clock.now(), 1),
            boot: BootId::new(clock.now(), 2),
            clock,
        })
        .expect("it opens")
    }

    fn price(id: &str, model: &str, usd: f64) -> String {
        let band = format!(
            r#"{{"up_to":null,"input":{usd},"output":{usd},"cache_write_5m":{usd},"cache_write_1h":{usd},"cache_read":{usd}}}"#
        );
        let body = format!(
            r#"{{"model":"{model}","speed":null,"from":"2026-11-01T00:00:00Z","context":9,"max_output":9,"bands":[{band}]}}"#
        );
        format!("INSERT INTO price_rows VALUES ('{id}', '{body}', 'ann', 1);")
    }

    /// A folder of the version that knew one upstream's state for all.
    fn old_folder(dir: &Path) {
        let folder = DataFolder::lock(dir).expect("it is free");
        let db = connect::writing(&folder.database()).expect("it opens");
        migrate::up_to(&db, &folder, "upstreams").expect("the steps before");
        let call = |upstream: &str, at: i64| {
            format!(
                "INSERT INTO calls (upstream, id, state, held_at, settled_at, tier_asked, tier_given, model, price_row,
                    hold, host, boot) VALUES ('{upstream}', randomblob(16), 'settled', {at}, {at}, 'haiku', 'haiku', 'm',
                    'r', 0, x'00', x'00');"
            )
        };
        let job = |key: &str, state: &str| {
            format!(
                "INSERT INTO jobs (id, agent, action, upstream, state, priority, ready_at, max_attempts, max_cost, tags,
                    idempotency_key, created_at) VALUES (randomblob(16), 'a', 'b', 'simulated', '{state}', 1, 1, 3, 1,
                    '[]', '{key}', 1);
                 INSERT INTO job_bodies (seq, payload) VALUES (last_insert_rowid(), '1');"
            )
        };
        db.batch(&format!(
            "INSERT INTO meta VALUES ('ledger_time', {DRIVEN}), ('note.estimates.live', 'x');
             INSERT INTO limit_changes VALUES ('hour_usd', '5000.0', 'ann', 1), ('day_usd', '20.0', 'ann', 1),
                 ('queue_max', '200', 'ann', 1);
             INSERT INTO scope_limits VALUES ('agent:writer', 'day', 7, 'ann', 1);
             INSERT INTO queue_pause VALUES (1, 'lunch', 'ann', 1);
             INSERT INTO brake VALUES ('person', '', 'stop', 1, NULL, 'ann'), ('day', 'simulated', 'x', 1, 2, NULL);
             {}{}{}{}{}{}{}",
            price("free", "claude-haiku-5-5", 0.0),
            price("dear", "claude-opus-5-5", 500.0),
            price("only", "my-own", 0.0),
            call("live", LIVE_CALL),
            call("simulated", DRIVEN),
            job("k1", "queued"),
            job("k2", "succeeded"),
        ))
        .expect("rows of the old schema");
    }

    #[tokio::test]
    async fn what_was_set_before_is_live_only_where_it_is_stricter_or_dearer() {
        let dir = tempfile::tempdir().expect("a folder");
        old_folder(dir.path());
        // With the simulator everything is as it was, and nothing is decided.
        let store = open(dir.path(), UpstreamKind::Simulated);
        assert_eq!(store.told_at_start(), Vec::<String>::new());
        let limits = store.limits().await.expect("a read works");
        assert_eq!(limits.limits.hour_usd, Nanodollars::from_dollars(5_000));
        assert_eq!(store.prices().await.expect("a read works").len(), 3);
        assert_eq!(store.queue_counts().await.expect("a read works").queued, 1);
        drop(store);
        assert!(
            SqliteStore::ledger_time(dir.path(), UpstreamKind::Simulated).expect("read").micros() >= DRIVEN
        );
        let floor = SqliteStore::ledger_time(dir.path(), UpstreamKind::Live).expect("read");
        assert_eq!(floor.micros(), LIVE_CALL, "its own last entry");
        let store = open(dir.path(), UpstreamKind::Live);
        let limits = store.limits().await.expect("a read works");
        let expected = Limits { day_usd: Nanodollars::from_dollars(20), ..settings() };
        assert_eq!(limits.limits, expected);
        let mut prices: Vec<_> = store.prices().await.expect("a read works");
        prices.sort_by_key(|change| change.price.model.clone());
        let models: Vec<_> = prices.iter().map(|change| change.price.model.as_str()).collect();
        assert_eq!(models, ["claude-opus-5-5", "my-own"]);
        assert_eq!(store.scope_limits().await.expect("a read works").len(), 1, "always");
        assert!(store.queue_pause().await.expect("a read works").is_some());
        assert_eq!(store.brake().await.expect("a read works").causes.len(), 1, "a person's");
        assert_eq!(store.queue_counts().await.expect("a read works").queued, 0);
        let told = store.told_at_start();
        for (part, is) in [
            ("hour_usd = $5000.00", "dropped"),
            ("day_usd = $20.00", "kept"),
            ("price free", "dropped"),
            ("price dear", "kept"),
            ("price only", "kept"),
            ("agent:writer", "kept"),
        ] {
            let one = told.iter().find(|one| one.contains(part)).expect(part);
            assert!(one.starts_with(is), "{one}");
        }
        assert_eq!(told.len(), 6, "{told:?}");
        let alerts =
            store.alerts(AlertFilter { limit: 99, ..AlertFilter::default() }).await.expect("read").items;
        let alert = alerts.iter().find(|alert| alert.kind == AlertKind::Limits).expect("it is told");
        assert!(told.iter().all(|one| alert.detail.contains(one)), "{}", alert.detail);
        drop(store);
        // Once, and for good.
        let store = open(dir.path(), UpstreamKind::Live);
        assert_eq!(
            (store.told_at_start(), store.limits().await.expect("a read").limits),
            (Vec::new(), expected)
        );
    }

    #[test]
    fn live_time_of_an_old_folder_is_known_before_its_schema_changes() {
        let dir = tempfile::tempdir().expect("a folder");
        old_folder(dir.path());
        for (upstream, micros) in [(UpstreamKind::Live, LIVE_CALL), (UpstreamKind::Simulated, DRIVEN)] {
            let floor = SqliteStore::ledger_time(dir.path(), upstream).expect("read");
            assert_eq!(floor, Timestamp::from_micros(micros));
        }
    }
}
