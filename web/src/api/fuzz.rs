//! Bodies and queries as nobody would send them.

use super::submit::fields;
use crate::ask::{Object, Query, jobs, ledger};
use anvil_control::Submission;
use anvil_fuzz::Driver;
use anvil_store::{JobFilter, LedgerFilter};
use anvil_types::json_text::indented;
use anvil_types::{AlertId, CallId, JobActionId, Nanodollars};
use axum::http::Uri;

/// What a body says, where all of it makes sense.
fn body(bytes: &[u8]) -> Option<Submission> {
    let mut object = Object::parse(bytes).ok()?;
    let submission = fields(&mut object);
    object.finish().ok()?;
    let payload = submission.payload.as_str();
    // What is kept is what was sent, whoever reads it.
    assert!(
        std::str::from_utf8(bytes).is_ok_and(|text| text.contains(payload))
            || payload == "{}"
            || payload == "null"
    );
    let shown = indented(payload, usize::MAX).text;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).ok(), serde_json::from_str(payload).ok());
    assert!(indented(payload, 100).text.len() <= 100);
    assert!(submission.max_cost.is_none_or(|most| most > Nanodollars::ZERO));
    Some(submission)
}

const BODIES: Driver<Option<Submission>> = Driver {
    corpus: &[
        br#"{"agent":"code-generator","action":"generate","payload":{"requirements":"A clock"}}"#,
        br#"{"agentType":"a","action":"b","payload":[1,2.5,null,{"k":"\u00e9"}],"priority":"high","tags":["a","b"]}"#,
        br#"{"agent":"a","action":"b","payload":{},"run_at":"2026-12-01T08:00:00Z","idempotency_key":"k","max_cost_usd":0.5}"#,
        b"\xef\xbb\xbf{\"agent\":\"a\",\"action\":\"b\"}",
    ],
    words: &["\"max_cost_usd\":", "\"payload\":", "\"agent\":\"x\",", "null", "true", "[[[[", "]]]]", "\\ud800", "\\u0000", "\\\"", "/**/", "\u{feff}"],
    run: body,
};

#[test]
fn no_body_breaks_the_entrance() {
    BODIES.run();
}

#[test]
fn a_fault_planted_in_the_entrance_is_found() {
    // As if a job could spend more than a million dollars.
    BODIES.finds(|job| {
        job.as_ref()
            .and_then(|job| job.max_cost)
            .is_some_and(|most| most > Nanodollars::from_dollars(1_000_000))
    });
}

/// What a query asks for, of jobs and of the ledger.
fn query(bytes: &[u8]) -> Option<(Option<JobFilter>, Option<LedgerFilter>)> {
    let text = std::str::from_utf8(bytes).ok()?;
    for part in text.split(['=', '&']) {
        if let Ok(id) = part.parse::<JobActionId>() {
            assert!(id.to_string().eq_ignore_ascii_case(&plain(part)), "{part} is not {id}");
        }
    }
    let uri: Uri = format!("/x?{text}").parse().ok()?;
    let query = Query::read(&uri).ok()?;
    let jobs = jobs(&query).ok();
    if let Some(jobs) = &jobs {
        assert!((1..=500).contains(&jobs.limit) && jobs.states.len() <= 7);
    }
    let windows = anvil_budget::Windows::new(jiff::tz::TimeZone::UTC);
    let ledger = ledger(&query, &windows).ok();
    if let Some(ledger) = &ledger {
        assert!(ledger.min_cost.is_none_or(|least| least >= Nanodollars::ZERO));
    }
    let _ = (query.value::<CallId>("after").ok(), query.value::<AlertId>("after").ok());
    Some((jobs, ledger))
}

/// An id without what Crockford's alphabet reads as something else.
fn plain(id: &str) -> String {
    id.to_ascii_uppercase().replace(['I', 'L'], "1").replace('O', "0")
}

const QUERIES: Driver<Option<(Option<JobFilter>, Option<LedgerFilter>)>> = Driver {
    corpus: &[
        b"state=queued,running&state=parked&limit=37&after=01JD9Z6W3NQ8Y5R2K7M4T1X0VB",
        b"agent=code-generator&tag=nightly%20run&priority=high&q=login%20-form&limit=500",
        b"job=01JD9Z6W3NQ8Y5R2K7M4T1X0VB&state=settled&from=2026-11-01&to=2026-11-28T12:00:00Z&min_usd=0.05",
        b"state=failed&q=%22exact%20words%22&after=7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    ],
    words: &[
        "&state=queued",
        "&limit=0",
        "&limit=",
        "&after=",
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "%00",
        "%",
        "%ff",
        "+",
        "&&",
        "&from=9999-12-31",
        "min_usd=1e400",
        "&q=",
        ",,",
    ],
    run: query,
};

#[test]
fn no_query_breaks_the_filters() {
    QUERIES.run();
}

#[test]
fn a_fault_planted_in_the_filters_is_found() {
    // As if nobody could ask for calls of more than a million dollars.
    QUERIES.finds(|read| {
        let ledger = read.as_ref().and_then(|(_, ledger)| ledger.as_ref());
        ledger
            .and_then(|ledger| ledger.min_cost)
            .is_some_and(|least| least > Nanodollars::from_dollars(1_000_000))
    });
}
