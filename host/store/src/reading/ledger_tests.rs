//! Pages, totals and groupings of a made-up ledger agree with a plain count of its entries.

use crate::engine::{Db, Id, params};
use crate::reading::{ledger, misses, usage};
use crate::sqlite::lock::DataFolder;
use crate::sqlite::{connect, migrate};
use crate::{LedgerFilter, LedgerTotals, MissSum, Tokens, UsageSum};
use anvil_budget::Windows;
use anvil_budget::random::Random;
use anvil_types::{
    CacheMissKind, CallId, CallRecord, CallState, JobId, Nanodollars, Timestamp, UpstreamKind,
};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const LIVE: UpstreamKind = UpstreamKind::Live;
const START: Timestamp = Timestamp::from_secs(1_790_000_000);

fn database() -> (tempfile::TempDir, Db) {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = DataFolder::lock(dir.path()).expect("it is free");
    let db = connect::writing(&folder.database()).expect("it opens");
    migrate::migrate(&db, &folder, Timestamp::default()).expect("the schema");
    (dir, db)
}

fn job(number: u64) -> JobId {
    JobId::new(START, u128::from(number))
}

/// Entries over this long, with corrections, and the hourly sums that belong to them.
fn fill(db: &mut Db, entries: u64, span: Duration, seed: u64) {
    let mut random = Random::new(seed);
    db.batch("BEGIN").expect("a transaction");
    let step = u64::try_from(span.as_micros()).expect("it fits") / entries;
    for number in 0..entries {
        let held_at = START + Duration::from_micros(number * step + random.below(step.max(1)));
        let state = match random.below(100) {
            0..2 => "held",
            2..6 => "released",
            6..10 => "unknown",
            _ => "settled",
        };
        let ended = matches!(state, "settled" | "unknown");
        // From a fraction of a cent to a few dollars, the dear ones rare.
        let digits =
            5 + u64::from((1 + random.below(100)).ilog2().min(4)) + u64::from(random.below(500) == 0);
        let cost =
            i64::try_from(random.below(10_u64.pow(u32::try_from(digits).expect("few")))).expect("it fits");
        let by_key = random.below(10) == 0;
        let mut tokens = || i64::try_from(if ended { random.below(9_000) } else { 0 }).expect("it fits");
        let (input, output, read, short, long) = (tokens(), tokens(), tokens(), tokens(), tokens());
        // An id is made before its call waits for its turn, so ids are not in the order of the holds.
        let asked = held_at - Duration::from_secs(random.below(40));
        let id = CallId::new(asked, u128::from(random.below(u64::MAX)) << 16 | u128::from(number & 0xffff));
        db.run(
            "INSERT INTO calls (upstream, id, state, held_at, settled_at, job, agent, api_key, tier_asked, tier_given,
                 model, price_row, hold, cost, saved, input_tokens, output_tokens, cache_read_tokens,
                 cache_write_5m_tokens, cache_write_1h_tokens, host, boot)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'sonnet', 'sonnet', ?9, 'row', ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, x'', x'')",
            params![
                if random.below(20) == 0 { "simulated" } else { "live" },
                id.bytes(),
                state,
                held_at.micros(),
                ended.then_some(held_at.micros() + 1_000_000),
                (!by_key).then(|| job(random.below(entries / 5 + 1)).bytes()),
                // The last agent is rare.
                (!by_key).then(|| ["a", "b", "c", "rare"][if random.below(2_000) == 0 { 3 } else { random.index(3) }]),
                by_key.then(|| ["k1", "k2"][random.index(2)]),
                ["haiku", "sonnet", "opus"][random.index(3)],
                cost + 5_000,
                if ended { cost } else { 0 },
                if ended { cost / 3 - 2_000 } else { 0 },
                input, output, read, short, long,
            ],
        )
        .expect("an entry");
        if ended && random.below(4) == 0 {
            let kind = CacheMissKind::ALL[random.index(6)];
            let at = (kind == CacheMissKind::PrefixChanged).then(|| random.index(9_000));
            db.run(
                "UPDATE calls SET miss = ?2, miss_at = ?3, miss_tokens = ?4, miss_cost = ?5 WHERE id = ?1",
                params![
                    id.bytes(),
                    kind.name(),
                    at.map(|at| i64::try_from(at).expect("it fits")),
                    input,
                    cost / 7
                ],
            )
            .expect("a miss");
        }
        if state == "settled" && random.below(5) == 0 {
            db.run(
                "UPDATE calls SET cost = 0, hold = 0, reply_of = id, reply_saved = ?2 WHERE id = ?1",
                params![id.bytes(), cost],
            )
            .expect("a hit");
        }
        if random.below(4) == 0 {
            let (batched, saved) = if ended { (1, cost / 3) } else { (2, 0) };
            db.run(
                "UPDATE calls SET batched = ?2, batch_saved = ?3 WHERE id = ?1 AND reply_of IS NULL",
                params![id.bytes(), batched, saved],
            )
            .expect("one of a batch");
        }
        if matches!(state, "unknown" | "released") && random.below(3) == 0 {
            // Later truth: what was unknown is settled at half of it, what was released cost something.
            db.run(
                "INSERT INTO corrections (upstream, call, at, settled, unknown, who, reason)
                 SELECT upstream, id, 1, iif(state = 'released', 777, cost / 2), -cost, 'ann', 'the console says so' FROM calls WHERE id = ?1",
                [id.bytes()],
            )
            .expect("a correction");
        }
    }
    db.batch(
        "DELETE FROM usage_hours;
         INSERT INTO usage_hours
         SELECT c.upstream, held_at / 3600000000 * 3600000000, coalesce(agent, ''), coalesce(api_key, ''), model,
             sum(iif(state = 'released' OR reply_of IS NOT NULL, 0, 1)), sum(iif(state = 'settled', cost, 0) + coalesce(k.settled, 0)),
             sum(iif(state = 'unknown', cost, 0) + coalesce(k.unknown, 0)), sum(input_tokens), sum(output_tokens),
             sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(saved),
             count(reply_of), sum(reply_saved), sum(batched > 0 AND state IN ('settled', 'unknown')), sum(batch_saved)
         FROM calls AS c LEFT JOIN corrections AS k ON k.upstream = c.upstream AND k.call = c.id
         WHERE state IN ('settled', 'unknown') OR k.seq IS NOT NULL GROUP BY 1, 2, 3, 4, 5;
         INSERT INTO miss_hours
         SELECT upstream, held_at / 3600000000 * 3600000000, coalesce(agent, ''), coalesce(api_key, ''), miss,
             count(*), sum(miss_tokens), sum(miss_cost)
         FROM calls WHERE miss IS NOT NULL GROUP BY 1, 2, 3, 4, 5;",
    )
    .expect("the sums");
    db.batch("COMMIT").expect("it commits");
}

/// All pages of a filter, each of so many entries.
fn pages(db: &Db, filter: &LedgerFilter, limit: u32) -> Vec<CallRecord> {
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let page = ledger::page(db, LIVE, filter, after, limit).expect("a page");
        assert!(page.items.len() <= limit as usize);
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
    }
}

/// What the entries themselves say that they cost, corrections aside.
fn own_costs(db: &Db) -> BTreeMap<[u8; 16], i64> {
    let rows = db.all("SELECT id, cost FROM calls", params![], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.expect("rows").into_iter().collect()
}

fn matches(call: &CallRecord, filter: &LedgerFilter, own: &BTreeMap<[u8; 16], i64>) -> bool {
    let text =
        |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_none_or(|wanted| is == Some(wanted));
    filter.job.is_none_or(|job| call.job == Some(job))
        && text(&filter.agent, call.agent.as_deref())
        && text(&filter.api_key, call.api_key.as_deref())
        && text(&filter.model, Some(&call.model))
        && filter.state.is_none_or(|state| call.state == state)
        && filter.from.is_none_or(|from| call.held_at >= from)
        && filter.to.is_none_or(|to| call.held_at < to)
        && filter.min_cost.is_none_or(|least| own[&call.id.bytes()] >= least.get())
}

fn tokens(call: &CallRecord) -> Tokens {
    Tokens {
        input: call.usage.input_tokens,
        output: call.usage.output_tokens,
        cache_read: call.usage.cache_read_tokens,
        cache_write_5m: call.usage.cache_write_5m_tokens,
        cache_write_1h: call.usage.cache_write_1h_tokens,
    }
}

/// What a call adds to settled and unknown; its record has what was corrected since.
fn counted(call: &CallRecord) -> (Nanodollars, Nanodollars) {
    let own = |state| if call.state == state { call.cost } else { Nanodollars::ZERO };
    (own(CallState::Settled), own(CallState::Unknown))
}

#[test]
fn every_filter_finds_its_entries_and_their_total() {
    let (_dir, mut db) = database();
    fill(&mut db, 3_000, Duration::from_hours(60), 7);
    let whole = pages(&db, &LedgerFilter::default(), 1_000);
    assert!(whole.is_sorted_by(|one, next| one.held_at >= next.held_at), "the newest hold first");
    let released = released(&db);
    assert!(whole.iter().any(|call| !call.corrections.is_empty()));
    let own = own_costs(&db);
    let mut random = Random::new(11);
    for _ in 0..400 {
        let any = &whole[random.index(whole.len())].clone();
        let mut yes = |one_in: u64| random.below(one_in) == 0;
        let filter = LedgerFilter {
            job: any.job.filter(|_| yes(6)),
            agent: any.agent.clone().filter(|_| yes(3)),
            api_key: any.api_key.clone().filter(|_| yes(2)),
            model: Some(any.model.clone()).filter(|_| yes(3)),
            state: Some(any.state).filter(|_| yes(3)),
            from: yes(2).then(|| any.held_at - Duration::from_mins(100)),
            to: yes(2).then(|| any.held_at + Duration::from_mins(150)),
            min_cost: yes(4).then_some(any.cost),
        };
        let expected: Vec<&CallRecord> = whole.iter().filter(|call| matches(call, &filter, &own)).collect();
        let found = pages(&db, &filter, 70);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
        let mut sums = LedgerTotals::default();
        for call in expected {
            let (settled, unknown) = counted(call);
            let held = if call.state == CallState::Held { call.hold } else { Nanodollars::ZERO };
            sums += LedgerTotals {
                calls: 1,
                settled,
                unknown,
                held,
                saved: call.saved,
                tokens: tokens(call),
                hits: hits(call),
                reply_saved: call.reply_saved,
                batched: batched(call, &released),
                batch_saved: call.batch_saved,
            };
        }
        assert_eq!(ledger::totals(&db, LIVE, &filter).expect("totals"), sums, "{filter:?}");
    }
}

/// Also where days begin within an hour, and where a day has 23 or 25 of them.
#[test]
fn sums_by_any_stretch_agree_with_the_entries_to_the_nano_dollar() {
    let (_dir, mut db) = database();
    // Over the end of summer time in Berlin.
    fill(&mut db, 4_000, Duration::from_hours(24 * 45), 3);
    let whole = pages(&db, &LedgerFilter::default(), 1_000);
    let end = START + Duration::from_hours(24 * 45);
    for zone in ["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"] {
        let windows = Windows::new(TimeZone::get(zone).expect("the zone"));
        let mut cuts = vec![windows.day(START).start];
        while cuts[cuts.len() - 1] < end {
            cuts.push(windows.day(cuts[cuts.len() - 1]).end);
        }
        check(&db, &whole, &cuts);
    }
    let odd = |secs: u64| START + Duration::from_secs(secs);
    check(&db, &whole, &[odd(100), odd(101), odd(4_000), odd(3_600 * 30 + 5), odd(3_600 * 31 - 1)]);
    assert_eq!(usage::sums(&db, LIVE, &[]).expect("sums"), []);
}

fn hits(call: &CallRecord) -> u64 {
    u64::from(call.reply_of.is_some())
}

/// Calls that were released; one that was corrected since looks like any other.
fn released(db: &Db) -> Vec<[u8; 16]> {
    db.all("SELECT id FROM calls WHERE state = 'released'", params![], |row| row.get(0)).expect("rows")
}

fn batched(call: &CallRecord, released: &[[u8; 16]]) -> u64 {
    let is_answered = matches!(call.state, CallState::Settled | CallState::Unknown);
    u64::from(call.batched && is_answered && !released.contains(&call.id.bytes()))
}

fn check(db: &Db, whole: &[CallRecord], cuts: &[Timestamp]) {
    let released = released(db);
    let mut expected: BTreeMap<_, UsageSum> = BTreeMap::new();
    for call in whole.iter().filter(|call| matches!(call.state, CallState::Settled | CallState::Unknown)) {
        let after = cuts.partition_point(|cut| *cut <= call.held_at);
        if after == 0 || after == cuts.len() {
            continue;
        }
        let start = cuts[after - 1];
        let key = (start, call.agent.clone(), call.api_key.clone(), call.model.clone());
        let sum = expected.entry(key).or_insert_with(|| UsageSum {
            start,
            agent: call.agent.clone(),
            api_key: call.api_key.clone(),
            model: call.model.clone(),
            ..UsageSum::default()
        });
        let (settled, unknown) = counted(call);
        // What was released is no call that cost something, though it was corrected to be one.
        sum.calls += u64::from(!released.contains(&call.id.bytes()) && call.reply_of.is_none());
        sum.hits += hits(call);
        sum.reply_saved += call.reply_saved;
        sum.batched += batched(call, &released);
        sum.batch_saved += call.batch_saved;
        sum.settled += settled;
        sum.unknown += unknown;
        sum.saved += call.saved;
        sum.tokens += tokens(call);
    }
    assert_eq!(usage::sums(db, LIVE, cuts).expect("sums"), expected.into_values().collect::<Vec<_>>());
}

#[test]
fn misses_of_any_stretch_agree_with_the_entries() {
    let (_dir, mut db) = database();
    fill(&mut db, 3_000, Duration::from_hours(100), 13);
    let whole = pages(&db, &LedgerFilter::default(), 1_000);
    let secs = |secs: u64| START + Duration::from_secs(secs);
    for (from, to) in
        [(0, 360_000), (1_000, 6_900), (3_000, 200_000), (7_200, 14_400), (90_000, 90_000), (5, 4)]
    {
        let (from, to) = (secs(from), secs(to));
        let mut expected: BTreeMap<_, MissSum> = BTreeMap::new();
        for call in whole.iter().filter(|call| call.held_at >= from && call.held_at < to) {
            let Some(miss) = call.miss else { continue };
            let kind = miss.reason.kind();
            let who = (call.agent.clone(), call.api_key.clone());
            let sum = expected.entry((who.clone(), kind)).or_insert_with(|| MissSum {
                agent: who.0,
                api_key: who.1,
                kind,
                calls: 0,
                tokens: 0,
                cost: Nanodollars::ZERO,
            });
            sum.calls += 1;
            sum.tokens += miss.tokens;
            sum.cost += miss.cost;
        }
        let found = misses::sums(&db, LIVE, from, to).expect("sums");
        assert!(found.is_sorted_by(|one, next| one.cost >= next.cost), "the dearest first");
        let found: BTreeMap<_, _> = found
            .into_iter()
            .map(|sum| (((sum.agent.clone(), sum.api_key.clone()), sum.kind), sum))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(found.is_empty(), to <= from);
    }
}

/// `cargo test --release -p anvil-store --lib a_million -- --ignored --nocapture`
#[test]
#[ignore = "measures; writes a gigabyte"]
fn a_million_entries_page_in_milliseconds() {
    let (_dir, mut db) = database();
    fill(&mut db, 1_000_000, Duration::from_hours(24 * 90), 5);
    let some = pages(&db, &LedgerFilter { agent: Some("rare".to_owned()), ..LedgerFilter::default() }, 100);
    let day = START + Duration::from_hours(24 * 40);
    let of = |filter: LedgerFilter| filter;
    let text = |text: &str| Some(text.to_owned());
    let cases: [(&str, LedgerFilter); 11] = [
        ("all", LedgerFilter::default()),
        ("agent", of(LedgerFilter { agent: text("a"), ..LedgerFilter::default() })),
        ("rare agent", of(LedgerFilter { agent: text("rare"), ..LedgerFilter::default() })),
        ("no such agent", of(LedgerFilter { agent: text("none"), ..LedgerFilter::default() })),
        ("model", of(LedgerFilter { model: text("opus"), ..LedgerFilter::default() })),
        ("api key", of(LedgerFilter { api_key: text("k1"), ..LedgerFilter::default() })),
        ("unknown", of(LedgerFilter { state: Some(CallState::Unknown), ..LedgerFilter::default() })),
        ("held", of(LedgerFilter { state: Some(CallState::Held), ..LedgerFilter::default() })),
        ("job", of(LedgerFilter { job: some[0].job, ..LedgerFilter::default() })),
        (
            "a day",
            of(LedgerFilter {
                from: Some(day),
                to: Some(day + Duration::from_hours(24)),
                ..LedgerFilter::default()
            }),
        ),
        (
            "dear",
            of(LedgerFilter { min_cost: Some(Nanodollars::from_dollars(5)), ..LedgerFilter::default() }),
        ),
    ];
    for (name, filter) in cases {
        let mut slowest = [Duration::ZERO; 2];
        let mut after = None;
        let mut shown = 0;
        for page in 0..40 {
            let began = Instant::now();
            let found = ledger::page(&db, LIVE, &filter, after, 100).expect("a page");
            slowest[usize::from(page > 0)] = slowest[usize::from(page > 0)].max(began.elapsed());
            shown += found.items.len();
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        let began = Instant::now();
        let totals = ledger::totals(&db, LIVE, &filter).expect("totals");
        println!(
            "{name:<14} first {:>9.3?}  slowest later {:>9.3?}  totals {:>9.3?}  ({shown} shown of {})",
            slowest[0],
            slowest[1],
            began.elapsed(),
            totals.calls
        );
    }
    let windows = Windows::new(TimeZone::get("Europe/Berlin").expect("the zone"));
    let mut cuts = vec![windows.month(day).start];
    while cuts[cuts.len() - 1] < windows.month(day).end {
        cuts.push(windows.day(cuts[cuts.len() - 1]).end);
    }
    let began = Instant::now();
    let sums = usage::sums(&db, LIVE, &cuts).expect("sums");
    println!("a month by day {:.3?} ({} sums)", began.elapsed(), sums.len());
}
