//! Made-up limits, one of them changed by a person.

use super::page::{LimitsPage, sample_review};
use super::scopes::ScopeForm;
use crate::panel::kit::samples::{NOW, Sample, ago, html, nano, shell, status};
use crate::panel::kit::shell::Nav;
use anvil_api::{LimitsView, ScopeLimitsView, ScopeWindowStatus};
use anvil_budget::WindowKind;
use anvil_store::{AuditEntry, LimitSource};
use anvil_types::{Limits, LimitsPatch, Nanodollars, Scope};
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

/// Their pages.
pub(crate) fn pages() -> Vec<Sample> {
    let (status, limits) = (status(), limits());
    let shell = || shell(&status, Nav::Limits, "Limits");
    let form = ScopeForm::new(None, vec!["code-generator".to_owned(), "writer".to_owned()], None);
    vec![
        ("/limits", html(&LimitsPage::new(shell(), &limits, &scoped(), form, &changed()))),
        ("/limits-review", html(&sample_review(shell(), &limits, &status))),
    ]
}
