//! Made-up spending: limits, prices, the ledger and the brake.

use super::{NOW, Sample, ago, braked, calls, html, nano, shell, status};
use crate::ask::Query;
use crate::panel::brake::page::{BrakeBody, BrakePage};
use crate::panel::kit::shell::Nav;
use crate::panel::ledger::page::{LedgerPage, Names};
use crate::panel::limits::page::LimitsPage;
use crate::panel::limits::scopes::ScopeForm;
use crate::panel::prices::page::PricesPage;
use crate::panel::spend::page::{Choice, Spend, SpendPage};
use anvil_api::{LimitsView, PriceView, ScopeLimitsView, ScopeWindowStatus, Status};
use anvil_budget::{NewBand, PriceSource, PriceTable, WindowKind, Windows};
use anvil_store::{
    AuditEntry, BrakeEntry, BrakeHistory, BrakeMove, LedgerPage as Entries, LedgerTotals, LimitSource,
    Tokens, UsageSum,
};
use anvil_types::{BrakeCauseKind, CallRecord, Limits, LimitsPatch, Nanodollars, Scope, Timestamp};
use std::time::Duration;

/// The limits, one of them changed by a person.
pub(crate) fn limits() -> LimitsView {
    let dollars = Nanodollars::from_dollars;
    let limits = Limits {
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
    };
    let source = |name: &str| match name {
        "hour_usd" => LimitSource::RunTime { by: "a person at the panel".to_owned(), at: ago(5_000) },
        "job_usd" => LimitSource::Settings { name: "anvil.toml".to_owned() },
        _ => LimitSource::Settings { name: "preset max-200".to_owned() },
    };
    let sources = LimitsPatch::NAMES.iter().map(|name| ((*name).to_owned(), source(name)));
    LimitsView { limits, sources: sources.collect() }
}

/// Prices in force: two built in, one of them in bands, and one that a person set.
fn prices() -> Vec<PriceView> {
    let band = |up_to, input: f64| NewBand {
        up_to,
        input,
        output: input * 5.0,
        cache_write_5m: input * 1.25,
        cache_write_1h: input * 2.0,
        cache_read: input / 10.0,
    };
    let view = |model: &str, bands: Vec<NewBand>, source, by: Option<&str>| PriceView {
        id: format!("{model}@2026-10-07"),
        model: model.to_owned(),
        speed: None,
        from: ago(90_000),
        in_force: true,
        context: 1_000_000,
        max_output: 128_000,
        bands,
        source,
        by: by.map(str::to_owned),
        at: by.map(|_| ago(3_600)),
    };
    vec![
        view("claude-haiku-5-5", vec![band(Some(100_000), 0.1), band(None, 0.5)], PriceSource::BuiltIn, None),
        view("claude-opus-5-5", vec![band(None, 4.0)], PriceSource::BuiltIn, None),
        view("claude-sonnet-5-5", vec![band(None, 1.8)], PriceSource::RunTime, Some("a person at the panel")),
    ]
}

/// Where the samples' people live.
pub(crate) fn windows() -> Windows {
    Windows::new(jiff::tz::TimeZone::get("Europe/Berlin").unwrap_or(jiff::tz::TimeZone::UTC))
}

fn scoped() -> Vec<ScopeLimitsView> {
    let window = |window, spent, held, limit| {
        let (spent, held, limit) = (nano(spent), nano(held), Nanodollars::from_dollars(limit));
        ScopeWindowStatus {
            window,
            spent_usd: spent,
            held_usd: held,
            unknown_usd: nano(0),
            limit_usd: limit,
            left_usd: limit.less(spent + held),
            resets_at: NOW + Duration::from_hours(6),
            by: "a person at the panel".to_owned(),
            at: ago(7_300),
        }
    };
    vec![
        ScopeLimitsView {
            scope: Scope::Agent("code-generator".to_owned()),
            windows: vec![
                window(WindowKind::Hour, 1_912_400_350, 212_000_000, 4),
                window(WindowKind::Day, 17_204_811_237, 212_000_000, 20),
            ],
        },
        ScopeLimitsView {
            scope: Scope::ApiKey("ci".to_owned()),
            windows: vec![window(WindowKind::Month, 4_000_000, 0, 50)],
        },
    ]
}

fn changed() -> Vec<AuditEntry> {
    let entry = |seconds, by: &str, action: &str, detail: &str| AuditEntry {
        at: ago(seconds),
        by: by.to_owned(),
        action: action.to_owned(),
        detail: detail.to_owned(),
    };
    vec![
        entry(5_000, "a person at the panel", "limits.change", "hour_usd = 8.0"),
        entry(90_000, "the API token", "limits.reset", "day_usd"),
    ]
}

fn brake_history(muted: bool) -> BrakeHistory {
    let entry = |seconds, change, kind, reason: &str, by: Option<&str>| BrakeEntry {
        at: ago(seconds),
        change,
        kind,
        upstream: None,
        reason: reason.to_owned(),
        by: by.map(str::to_owned),
    };
    let person = Some("a person at the panel");
    BrakeHistory {
        history: vec![
            entry(
                600,
                BrakeMove::Engaged,
                BrakeCauseKind::Day,
                "$152.0412 of the day's $160.00 are spent: 95 % is reached",
                None,
            ),
            entry(80_000, BrakeMove::Released, BrakeCauseKind::Person, "the answers are right again", person),
            entry(
                84_000,
                BrakeMove::Engaged,
                BrakeCauseKind::Person,
                "odd answers of design-architect",
                person,
            ),
        ],
        muted_until: muted.then_some(status().spend.day.resets_at),
    }
}

/// Three weeks of work, less of it at night and at weekends.
fn sums(cuts: &[Timestamp]) -> Vec<UsageSum> {
    let mut sums = Vec::new();
    for (place, start) in (0_u64..).zip(cuts).filter(|(_, start)| **start < NOW) {
        for (agent, (name, model)) in (0_u64..).zip([
            ("code-generator", "claude-sonnet-5-5"),
            ("test-automator", "claude-haiku-5-5"),
            ("design-architect", "claude-opus-5-5"),
            ("documentation-generator", "claude-haiku-5-5"),
        ]) {
            let wave = (place * 7 + agent * 5) % 11;
            if wave < agent + 1 {
                continue;
            }
            let calls = wave * 9 / (agent + 1);
            sums.push(UsageSum {
                start: *start,
                agent: Some(name.to_owned()),
                api_key: None,
                model: model.to_owned(),
                calls,
                settled: nano(i64::try_from(calls).unwrap_or(0) * 61_237_411),
                unknown: nano(if wave == 9 { 137_500_000 } else { 0 }),
                tokens: Tokens {
                    input: calls * 2_413,
                    output: calls * 1_120,
                    cache_read: calls * 911 * (agent % 2),
                    cache_write_5m: calls * 307 * (agent % 2),
                    cache_write_1h: 0,
                },
            });
        }
    }
    sums
}

fn query(text: &str) -> Query {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    Query::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn spend_page(status: &Status, asked: &str) -> SpendPage {
    let choice =
        Choice::read(&query(asked), &windows(), NOW).unwrap_or_else(|_| unreachable!("the samples ask well"));
    let cuts = choice.cuts(&windows()).unwrap_or_default();
    let body = Spend::new(choice, &cuts, &sums(&cuts), &PriceTable::built_in(), &windows(), true);
    SpendPage { shell: shell(status, Nav::Spend, "Spend"), body }
}

fn ledger_page(status: &Status, asked: &str, items: Vec<CallRecord>) -> LedgerPage {
    let names = Names {
        agents: vec!["code-generator".to_owned()],
        models: PriceTable::built_in().models().into_iter().map(str::to_owned).collect(),
    };
    let totals = LedgerTotals {
        calls: 12_408,
        settled: nano(1_192_380_113_902),
        unknown: nano(12_140_000_000),
        held: nano(412_000_000),
        tokens: Tokens { input: 21_204_811, output: 8_104_377, cache_read: 4_002_118, ..Tokens::default() },
    };
    let totals = if items.is_empty() { LedgerTotals::default() } else { totals };
    let next = items.last().map(|call| call.id);
    let entries = Entries { items, next };
    LedgerPage::new(shell(status, Nav::Ledger, "Ledger"), &query(asked), names, &entries, &totals, &windows())
}

/// Their pages.
pub(super) fn pages() -> Vec<Sample> {
    let (status, limits) = (status(), limits());
    vec![
        ("/spend", html(&spend_page(&status, "range=today"))),
        ("/spend-month", html(&spend_page(&status, "range=month&by=model"))),
        ("/spend-kind", html(&spend_page(&status, "range=custom&from=2026-11-20&to=2026-11-23&by=kind"))),
        ("/ledger", html(&ledger_page(&status, "", calls()))),
        ("/ledger-filtered", html(&ledger_page(&status, "agent=code-generator&state=held", Vec::new()))),
        (
            "/limits",
            html(&LimitsPage::new(
                shell(&status, Nav::Limits, "Limits"),
                &limits,
                &scoped(),
                ScopeForm::new(None, vec!["code-generator".to_owned(), "writer".to_owned()], None),
                &changed(),
            )),
        ),
        ("/prices", html(&PricesPage::new(shell(&status, Nav::Limits, "Prices"), &prices(), None, None))),
        (
            "/limits-review",
            html(&crate::panel::limits::page::sample_review(
                shell(&status, Nav::Limits, "Limits"),
                &limits,
                &status,
            )),
        ),
        (
            "/brake",
            html(&BrakePage {
                shell: shell(&braked(), Nav::Other, "Brake"),
                body: BrakeBody::new(&braked(), &brake_history(false), &windows()),
            }),
        ),
        (
            "/brake-off",
            html(&BrakePage {
                shell: shell(&status, Nav::Other, "Brake"),
                body: BrakeBody::new(&status, &brake_history(true), &windows()),
            }),
        ),
    ]
}
