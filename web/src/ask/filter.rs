//! What a list is narrowed by, as a query says it.

use super::Query;
use super::query::bad_query;
use crate::problem::Problem;
use crate::spending::{begin, end};
use crate::state::WebState;
use anvil_budget::Windows;
use anvil_store::{AlertFilter, DeliveryFilter, JobFilter, LedgerFilter, QuestionFilter};
use anvil_types::{CallState, Nanodollars, QuestionSubject};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// What jobs are filtered by that something is done with: those of the upstream that is asked now.
pub(crate) const JOB_FILTERS: [&str; 5] = ["state", "agent", "tag", "priority", "q"];
/// What jobs are filtered by that are listed.
pub(crate) const JOB_LIST_FILTERS: [&str; 7] =
    ["state", "agent", "tag", "priority", "q", "upstream", "roots"];
/// What calls of the ledger are filtered by.
pub(crate) const LEDGER_FILTERS: [&str; 8] =
    ["job", "agent", "model", "state", "key", "from", "to", "min_usd"];

/// What alerts are filtered by.
pub(crate) const ALERT_FILTERS: [&str; 1] = ["state"];
/// What deliveries are filtered by.
pub(crate) const DELIVERY_FILTERS: [&str; 3] = ["alert", "webhook", "state"];

/// What questions to people are filtered by.
pub(crate) const QUESTION_FILTERS: [&str; 2] = ["state", "job"];

/// The filter that a query asks for. Where it has room for a page, the page is the query's, too.
#[derive(Clone, Debug)]
pub(crate) struct Filter<T>(pub(crate) T);

/// What can be asked for by a query.
pub(crate) trait Chosen: Sized {
    /// Reads it; `state` is asked where days begin.
    fn by(query: &Query, state: &WebState) -> Result<Self, Problem>;
}

impl<T: Chosen> FromRequestParts<WebState> for Filter<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await?;
        T::by(&query, state).map(Self)
    }
}

impl Chosen for JobFilter {
    fn by(query: &Query, _: &WebState) -> Result<Self, Problem> {
        jobs(query)
    }
}

impl Chosen for LedgerFilter {
    fn by(query: &Query, state: &WebState) -> Result<Self, Problem> {
        ledger(query, &state.control.ledger.windows())
    }
}

impl Chosen for AlertFilter {
    fn by(query: &Query, _: &WebState) -> Result<Self, Problem> {
        Ok(Self {
            states: query.values("state")?,
            after: query.value("after")?,
            limit: query.limit(50, 500)?,
        })
    }
}

impl Chosen for QuestionFilter {
    fn by(query: &Query, _: &WebState) -> Result<Self, Problem> {
        Ok(Self {
            states: query.values("state")?,
            subject: query.value("job")?.map(QuestionSubject::Job),
            after: query.value("after")?,
            limit: query.limit(50, 500)?,
        })
    }
}

impl Chosen for DeliveryFilter {
    fn by(query: &Query, _: &WebState) -> Result<Self, Problem> {
        Ok(Self {
            limit: query.limit(50, 500)?,
            alert: query.value("alert")?,
            webhook: query.text("webhook").map(str::to_owned),
            state: query.value("state")?,
            after: query.value("after")?,
        })
    }
}

/// The jobs that a query asks for.
pub(crate) fn jobs(query: &Query) -> Result<JobFilter, Problem> {
    Ok(JobFilter {
        upstream: query.value("upstream")?,
        states: query.values("state")?,
        agent: query.text("agent").map(str::to_owned),
        tag: query.text("tag").map(str::to_owned),
        priority: query.value("priority")?,
        search: query.text("q").map(str::to_owned),
        roots: query.value("roots")?.unwrap_or(false),
        after: query.value("after")?,
        limit: query.limit(50, 500)?,
    })
}

/// The calls of the ledger that a query asks for.
pub(crate) fn ledger(query: &Query, windows: &Windows) -> Result<LedgerFilter, Problem> {
    let text =
        |name: &str| query.text(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let state = text("state").map(|state| match state.as_str() {
        "held" => Ok(CallState::Held),
        "settled" => Ok(CallState::Settled),
        "unknown" => Ok(CallState::Unknown),
        "released" => Ok(CallState::Released),
        _ => Err(bad_query(format!("`state={state}`: the states are held, settled, unknown and released"))),
    });
    let min_cost = text("min_usd").map(|usd| {
        let amount = Nanodollars::from_decimal(usd.trim_start_matches('$'));
        amount
            .filter(|amount| *amount >= Nanodollars::ZERO)
            .ok_or_else(|| bad_query(format!("`min_usd={usd}` is no amount of dollars, as in 0.05")))
    });
    Ok(LedgerFilter {
        job: query.value("job")?,
        agent: text("agent"),
        api_key: text("key"),
        model: text("model"),
        state: state.transpose()?,
        from: text("from").map(|from| begin("from", &from, windows)).transpose()?,
        to: text("to").map(|to| end("to", &to, windows)).transpose()?,
        min_cost: min_cost.transpose()?,
    })
}
