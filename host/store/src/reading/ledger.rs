//! Reading the ledger: pages by a filter, each in the order of an index, and what a filter comes to.

use crate::engine::{Db, Id, Param, Row, params};
use crate::reading::usage::{hour_from, hour_until, tokens};
use crate::rules::money::asked::Asked;
use crate::{LedgerFilter, LedgerPage, LedgerTotals, StoreError};
use anvil_types::{
    CacheMiss, CacheMissReason, CallId, CallRecord, CallState, Compressed, CostCorrection, JobId,
    Nanodollars, Timestamp, UpstreamKind, Usage,
};

/// The query for entries of the ledger, with what follows `FROM calls`.
macro_rules! select_calls {
    ($rest:literal) => {
        concat!(
            "SELECT id, state, held_at, settled_at, job, agent, attempt, position, api_key, session,
                 tags, tier_asked, tier_given, model, price_row, hold, cost, input_tokens, output_tokens,
                 cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, service_tier,
                 inference_geo, speed, detail, tier_reason, early, model_answered,
                 saved, miss, miss_at, miss_tokens, miss_cost, reply_of, reply_saved,
                 compressed, compressed_saved,
                 batched, batch_saved,
                 (SELECT json_group_array(json_array(at, settled + unknown, who, reason)) FROM corrections
                  WHERE corrections.upstream = calls.upstream AND corrections.call = calls.id) AS corrections
             FROM calls ",
            $rest
        )
    };
}

/// Where in them the columns of who asked begin.
const ASKED: usize = 4;

/// A job's calls.
pub(crate) const OF_JOB: &str = select_calls!("WHERE job = ?1 ORDER BY id");
/// The head of every page's query.
const PAGE: &str = select_calls!("");
/// The longest page.
const LONGEST: u32 = 1_000;
/// The digits of the dearest call that can be settled.
const MOST_DIGITS: usize = 16;
/// Where the page before ended.
const PLACE: &str = "SELECT held_at FROM calls WHERE upstream = ?1 AND id = ?2";
/// One entry.
pub(crate) const ONE: &str = select_calls!("WHERE upstream = ?1 AND id = ?2");
/// Holds that stand.
pub(crate) const OPEN: &str = "SELECT id FROM calls WHERE state = 'held'";

/// A job's calls, the oldest first.
pub(crate) fn of_job(db: &Db, job: JobId) -> Result<Vec<CallRecord>, StoreError> {
    db.all(OF_JOB, [job.bytes()], read)
}

/// Whether an entry has been corrected.
const CORRECTED: &str =
    "EXISTS (SELECT 1 FROM corrections WHERE corrections.upstream = calls.upstream AND call = calls.id)";

/// Conditions on entries, and the index that finds them in the order of their holds.
struct Search {
    index: &'static str,
    conditions: String,
    values: Vec<Param<'static>>,
}

impl Search {
    fn new(upstream: UpstreamKind, filter: &LedgerFilter) -> Self {
        let index = match filter {
            LedgerFilter { job: Some(_), .. } => "calls_by_job",
            LedgerFilter { state: Some(CallState::Held), .. } => "calls_open",
            LedgerFilter { api_key: Some(_), .. } => "calls_by_key",
            LedgerFilter { state: Some(CallState::Unknown), .. } => "calls_unknown",
            LedgerFilter { state: Some(CallState::Released), .. } => "calls_released",
            LedgerFilter { agent: Some(_), .. } => "calls_by_agent",
            LedgerFilter { model: Some(_), .. } => "calls_by_model",
            _ => "calls_by_time",
        };
        let mut search = Self { index, conditions: "upstream = ?".to_owned(), values: Vec::new() };
        search.values.push(Param::Text(upstream.name()));
        if let Some(job) = filter.job {
            search.and("job = ?", Param::Id(job.bytes()));
        }
        for (condition, text) in
            [("agent = ?", &filter.agent), ("api_key = ?", &filter.api_key), ("model = ?", &filter.model)]
        {
            if let Some(text) = text {
                search.and(condition, Param::OwnText(text.clone()));
            }
        }
        // As text of the query, since a partial index is only found by what the query itself says. What is
        // corrected is known: it counts as settled.
        match filter.state {
            Some(CallState::Held) => search.conditions += " AND state = 'held'",
            Some(CallState::Settled) => {
                search.conditions.extend([" AND state <> 'held' AND (state = 'settled' OR ", CORRECTED, ")"]);
            }
            Some(CallState::Unknown) => {
                search.conditions.extend([" AND state = 'unknown' AND NOT ", CORRECTED]);
            }
            Some(CallState::Released) => {
                search.conditions.extend([" AND state = 'released' AND NOT ", CORRECTED]);
            }
            None => {}
        }
        if let Some(from) = filter.from {
            search.and("held_at >= ?", Param::Integer(from.micros()));
        }
        if let Some(to) = filter.to {
            search.and("held_at < ?", Param::Integer(to.micros()));
        }
        if let Some(cost) = least(filter) {
            search.and("cost >= ?", Param::Integer(cost));
        }
        search
    }

    fn and(&mut self, condition: &str, value: Param<'static>) {
        self.conditions.extend([" AND ", condition]);
        self.values.push(value);
    }

    /// The same for calls whose cost has so many digits.
    fn of_digits(&self, digits: usize) -> Self {
        let conditions = format!("{} AND cost > 0 AND length(cost) = {digits}", self.conditions);
        Self { index: "calls_by_digits", conditions, values: self.values.clone() }
    }

    fn page(&self, limit: u32) -> (String, Vec<Param<'static>>) {
        let mut values = self.values.clone();
        values.push(Param::Integer(limit.into()));
        let sql = format!(
            "{PAGE} INDEXED BY {} WHERE {} ORDER BY held_at DESC, id DESC LIMIT ?",
            self.index, self.conditions
        );
        (sql, values)
    }
}

/// The least cost that a filter asks for, where it asks for any.
fn least(filter: &LedgerFilter) -> Option<i64> {
    filter.min_cost.map(Nanodollars::get).filter(|cost| *cost > 0)
}

/// The queries that a page is gathered from: one, but for dear calls, which are probed by the digits of
/// what they cost.
pub(crate) fn queries(
    upstream: UpstreamKind,
    filter: &LedgerFilter,
    place: Option<(Timestamp, CallId)>,
    limit: u32,
) -> Vec<(String, Vec<Param<'static>>)> {
    let mut search = Search::new(upstream, filter);
    if let Some((held_at, id)) = place {
        search.conditions += " AND (held_at, id) < (?, ?)";
        search.values.extend([Param::Integer(held_at.micros()), Param::Id(id.bytes())]);
    }
    match least(filter) {
        Some(cost) if search.index == "calls_by_time" => (cost.to_string().len()..=MOST_DIGITS)
            .map(|digits| search.of_digits(digits).page(limit))
            .collect(),
        _ => vec![search.page(limit)],
    }
}

/// A page of the ledger, the newest hold first.
pub(crate) fn page(
    db: &Db,
    upstream: UpstreamKind,
    filter: &LedgerFilter,
    after: Option<CallId>,
    limit: u32,
) -> Result<LedgerPage, StoreError> {
    let limit = limit.clamp(1, LONGEST);
    let place = match after {
        Some(id) => {
            let found = db.first(PLACE, params![upstream.name(), id.bytes()], |row| row.time("held_at"))?;
            Some((found.ok_or(StoreError::NoSuchCall(id))?, id))
        }
        None => None,
    };
    let mut items = Vec::new();
    // One more than the page tells whether there is another.
    let queries = queries(upstream, filter, place, limit + 1);
    let several = queries.len() > 1;
    for (sql, values) in queries {
        items.extend(db.all(&sql, values.as_slice(), read)?);
    }
    if several {
        items.sort_unstable_by_key(|call| std::cmp::Reverse((call.held_at, call.id.bytes())));
    }
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|last| last.id);
    Ok(LedgerPage { items, next })
}

/// What the entries of a filter come to: from the hourly sums where they can tell, which costs the same
/// with a million entries as with ten; else from the entries.
pub(crate) fn totals(
    db: &Db,
    upstream: UpstreamKind,
    filter: &LedgerFilter,
) -> Result<LedgerTotals, StoreError> {
    if filter.job.is_some() || filter.state.is_some() || least(filter).is_some() {
        return sum(db, upstream, filter, "");
    }
    let first_hour = filter.from.map_or(Timestamp::default(), hour_from);
    let last_hour = filter.to.map_or(Timestamp::from_micros(i64::MAX), hour_until);
    if first_hour >= last_hour {
        return sum(db, upstream, filter, "");
    }
    let mut totals = hours(db, upstream, filter, first_hour, last_hour)?;
    let within = |from, to| LedgerFilter { from, to, ..filter.clone() };
    // The hours at both ends, of which only a part is in it.
    let pieces = [(filter.from, filter.from.map(|_| first_hour)), (filter.to.map(|_| last_hour), filter.to)];
    for (from, to) in pieces.into_iter().filter(|(from, to)| from < to) {
        totals += sum(db, upstream, &within(from, to), " AND state <> 'held'")?;
    }
    // What is held is in no hourly sum. Of what was released they have what was corrected, but no calls.
    totals += sum(db, upstream, &LedgerFilter { state: Some(CallState::Held), ..filter.clone() }, "")?;
    let whole = LedgerFilter {
        from: Some(first_hour),
        to: Some(last_hour),
        state: Some(CallState::Released),
        ..filter.clone()
    };
    let mut released = Search::new(upstream, &whole);
    released.conditions = released.conditions.replace(&format!(" AND NOT {CORRECTED}"), "");
    let count =
        format!("SELECT count(*) FROM calls INDEXED BY {} WHERE {}", released.index, released.conditions);
    let count = db.first(&count, released.values.as_slice(), |row| row.get::<i64>(0))?;
    totals.calls += count.map_or(0, i64::unsigned_abs);
    Ok(totals)
}

/// The hourly sums of a filter by who asked and for which model.
fn hours(
    db: &Db,
    upstream: UpstreamKind,
    filter: &LedgerFilter,
    from: Timestamp,
    to: Timestamp,
) -> Result<LedgerTotals, StoreError> {
    let mut sql = "SELECT coalesce(sum(calls + hits), 0) AS calls, coalesce(sum(settled), 0) AS settled,
            coalesce(sum(unknown), 0) AS unknown, 0 AS held, coalesce(sum(input_tokens), 0) AS input_tokens,
            coalesce(sum(output_tokens), 0) AS output_tokens,
            coalesce(sum(cache_read_tokens), 0) AS cache_read_tokens,
            coalesce(sum(cache_write_5m_tokens), 0) AS cache_write_5m_tokens,
            coalesce(sum(cache_write_1h_tokens), 0) AS cache_write_1h_tokens,
            coalesce(sum(saved), 0) AS saved, coalesce(sum(hits), 0) AS hits,
            coalesce(sum(reply_saved), 0) AS reply_saved, coalesce(sum(batched), 0) AS batched,
            coalesce(sum(batch_saved), 0) AS batch_saved
        FROM usage_hours WHERE upstream = ? AND hour >= ? AND hour < ?"
        .to_owned();
    let mut values: Vec<Param<'static>> =
        vec![Param::Text(upstream.name()), Param::Integer(from.micros()), Param::Integer(to.micros())];
    for (condition, text) in [
        (" AND agent = ?", &filter.agent),
        (" AND api_key = ?", &filter.api_key),
        (" AND model = ?", &filter.model),
    ] {
        if let Some(text) = text {
            sql += condition;
            values.push(Param::OwnText(text.clone()));
        }
    }
    Ok(db.first(&sql, values.as_slice(), read_totals)?.unwrap_or_default())
}

/// What the entries themselves come to, with what was corrected since.
fn sum(
    db: &Db,
    upstream: UpstreamKind,
    filter: &LedgerFilter,
    and: &str,
) -> Result<LedgerTotals, StoreError> {
    let mut search = Search::new(upstream, filter);
    search.conditions += and;
    let sql = format!(
        "SELECT count(*) AS calls, coalesce(sum(iif(state = 'settled', cost, 0)), 0) AS settled,
            coalesce(sum(iif(state = 'unknown', cost, 0)), 0) AS unknown,
            coalesce(sum(iif(state = 'held', hold, 0)), 0) AS held,
            coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,
            coalesce(sum(cache_read_tokens), 0) AS cache_read_tokens,
            coalesce(sum(cache_write_5m_tokens), 0) AS cache_write_5m_tokens,
            coalesce(sum(cache_write_1h_tokens), 0) AS cache_write_1h_tokens,
            coalesce(sum(saved), 0) AS saved, count(reply_of) AS hits,
            coalesce(sum(reply_saved), 0) AS reply_saved,
            coalesce(sum(batched > 0 AND state IN ('settled', 'unknown')), 0) AS batched,
            coalesce(sum(batch_saved), 0) AS batch_saved
         FROM calls INDEXED BY {} WHERE {}",
        search.index, search.conditions
    );
    let mut totals = db.first(&sql, search.values.as_slice(), read_totals)?.unwrap_or_default();
    let conditions =
        search.conditions.replacen("upstream", "calls.upstream", 1).replace("state", "calls.state");
    let corrected = format!(
        "SELECT coalesce(sum(k.settled), 0), coalesce(sum(k.unknown), 0) FROM corrections AS k
         CROSS JOIN calls ON calls.upstream = k.upstream AND calls.id = k.call WHERE {conditions}"
    );
    if let Some((settled, unknown)) =
        db.first(&corrected, search.values.as_slice(), |row| Ok((row.get(0)?, row.get(1)?)))?
    {
        totals.settled += Nanodollars::new(settled);
        totals.unknown += Nanodollars::new(unknown);
    }
    Ok(totals)
}

fn read_totals(row: &Row<'_>) -> Result<LedgerTotals, StoreError> {
    Ok(LedgerTotals {
        calls: row.count("calls")?,
        settled: row.money("settled")?,
        unknown: row.money("unknown")?,
        held: row.money("held")?,
        saved: row.money("saved")?,
        hits: row.count("hits")?,
        reply_saved: row.money("reply_saved")?,
        batched: row.count("batched")?,
        batch_saved: row.money("batch_saved")?,
        tokens: tokens(row)?,
    })
}

/// One entry of the ledger.
pub(crate) fn one(db: &Db, upstream: UpstreamKind, id: CallId) -> Result<Option<CallRecord>, StoreError> {
    db.first(ONE, params![upstream.name(), id.bytes()], read)
}

/// Calls whose hold stands.
pub(crate) fn open_holds(db: &Db) -> Result<Vec<CallId>, StoreError> {
    db.all(OPEN, params![], |row| row.id("id"))
}

fn miss(row: &Row<'_>) -> Result<Option<CacheMiss>, StoreError> {
    if row.is_null("miss")? {
        return Ok(None);
    }
    let at = if row.is_null("miss_at")? { 0 } else { row.count("miss_at")? };
    Ok(Some(CacheMiss {
        reason: CacheMissReason::of(row.word("miss")?, at),
        tokens: row.count("miss_tokens")?,
        cost: row.money("miss_cost")?,
    }))
}

fn compressed(row: &Row<'_>) -> Result<Option<Compressed>, StoreError> {
    if row.is_null("compressed")? {
        return Ok(None);
    }
    Ok(Some(Compressed { tokens: row.count("compressed")?, saved: row.money("compressed_saved")? }))
}

fn read(row: &Row<'_>) -> Result<CallRecord, StoreError> {
    let (held_at, settled_at) = (row.time("held_at")?, row.maybe_time("settled_at")?);
    let mut cost = row.money("cost")?;
    let mut state: CallState = row.word("state")?;
    let mut corrections = Vec::new();
    let added: Vec<(i64, i64, String, String)> = row.structure("corrections")?;
    for (at, added, by, reason) in added {
        // What is corrected is known.
        state = CallState::Settled;
        cost += Nanodollars::new(added);
        corrections.push(CostCorrection { at: Timestamp::from_micros(at), cost, by, reason });
    }
    let asked = Asked::read(row, ASKED)?;
    let (attempt, position) = asked.place();
    Ok(CallRecord {
        id: row.id("id")?,
        state,
        held_at,
        settled_at,
        job: asked.job(),
        agent: asked.agent().map(str::to_owned),
        attempt,
        position,
        api_key: asked.api_key().map(str::to_owned),
        session: asked.session().map(str::to_owned),
        tags: row.texts("tags")?,
        tier_asked: row.word("tier_asked")?,
        tier_given: row.word("tier_given")?,
        tier_reason: row.get("tier_reason")?,
        early: row.get("early")?,
        model: row.get("model")?,
        model_answered: row.get("model_answered")?,
        usage: Usage {
            input_tokens: row.count("input_tokens")?,
            output_tokens: row.count("output_tokens")?,
            cache_read_tokens: row.count("cache_read_tokens")?,
            cache_write_5m_tokens: row.count("cache_write_5m_tokens")?,
            cache_write_1h_tokens: row.count("cache_write_1h_tokens")?,
            service_tier: row.get("service_tier")?,
            inference_geo: row.get("inference_geo")?,
            speed: row.get("speed")?,
        },
        price_row: row.get("price_row")?,
        hold: row.money("hold")?,
        cost,
        saved: row.money("saved")?,
        miss: miss(row)?,
        reply_of: row.maybe_id("reply_of")?,
        reply_saved: row.money("reply_saved")?,
        compressed: compressed(row)?,
        batched: row.get::<u32>("batched")? > 0,
        batch_saved: row.money("batch_saved")?,
        corrections,
        detail: row.get("detail")?,
        duration_ms: settled_at
            .map(|settled_at| u64::try_from(settled_at.since(held_at).as_millis()).unwrap_or(u64::MAX)),
    })
}
