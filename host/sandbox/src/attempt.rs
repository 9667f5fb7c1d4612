//! One attempt: one call of `run`, and the name of how it ended.

use crate::ahead::Stock;
use crate::bindings::exports::anvil::agent::agent_api as wit;
use crate::end::RESULT_NOT_JSON;
use crate::ended::Ended;
use crate::log::cut;
use crate::world::{GuestWorld, Seat};
use crate::{AttemptEnd, Plugin};
use anvil_types::{JobError, Json};
use std::sync::Arc;
use std::time::Instant;

/// The longest kind and message of a failure that are kept.
const KIND_BYTES: usize = 64;
const MESSAGE_BYTES: usize = 4 * 1024;

/// Runs `action` in an instance of `plugin` that no job had before. How long it waited for that is logged.
pub(crate) async fn run(
    seat: Seat,
    stock: Arc<Stock>,
    plugin: Arc<Plugin>,
    action: String,
    payload: Json,
) -> AttemptEnd {
    let job = wit::Job { action, payload: payload.as_str().to_owned(), extras: Vec::new() };
    let (began, limits) = (Instant::now(), seat.limits);
    let prepared = stock.take(&plugin, &limits);
    let ahead = prepared.is_some();
    let begins = |world: &GuestWorld| {
        let waited = began.elapsed();
        let took_ns = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        tracing::debug!(took_ns, ahead, "a guest is instantiated");
        stock.follow(&plugin, limits, world, waited);
    };
    let ended = plugin.entry.run(seat, prepared, &job, begins).await;
    match ended {
        Ended::Answered(Ok(outcome)) => succeeded(outcome),
        Ended::Answered(Err(failure)) => AttemptEnd::Failed(failed(&failure)),
        Ended::Broke(breach) => AttemptEnd::Broke(breach.into()),
        Ended::Stopped(stop) => AttemptEnd::Stopped(stop),
    }
}

fn succeeded(outcome: wit::Outcome) -> AttemptEnd {
    match outcome.result.parse::<Json>() {
        Ok(result) => {
            let extras = outcome.extras.into_iter().map(|extra| (extra.name, extra.value));
            // What is no JSON is no extra; the result is worth more than its ornaments.
            let extras = extras.filter(|(_, value)| value.parse::<Json>().is_ok()).collect();
            AttemptEnd::Succeeded { result, extras }
        }
        Err(error) => AttemptEnd::Failed(JobError {
            kind: "bad-reply".to_owned(),
            message: format!("{RESULT_NOT_JSON}: {error}"),
        }),
    }
}

fn failed(failure: &wit::Failure) -> JobError {
    let word = cut(&failure.kind, KIND_BYTES);
    let fits = !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let kind = if fits { word } else { "internal" };
    JobError { kind: kind.to_owned(), message: cut(&failure.message, MESSAGE_BYTES).to_owned() }
}
