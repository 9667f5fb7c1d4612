//! The answer to one item of a batch, and what it costs.

use serde_json::{Value, json};

use super::fault::{SimBatchDoor, SimBatchFailure};
use super::message_batch::Verdict;
use crate::cache::CachePlan;
use crate::events::Head;
use crate::fault::{Fault, of_status};
use crate::messages::compose;
use crate::models::Model;
use crate::prices::cost_nano_dollars;
use crate::question::Question;
use crate::refusal::Refusal;
use crate::state::{Plan, Shared};
use crate::usage::SimUsage;
use crate::validate::Strictness;

/// An item whose turn has come.
pub(super) struct Turn<'a> {
    pub(super) strict: Strictness,
    pub(super) custom_id: &'a str,
    pub(super) params: &'a [u8],
    /// The batch's number and the item's own, for the message's id.
    pub(super) number: (u64, usize),
    pub(super) at_ms: i64,
    pub(super) cache_hits: f64,
}

/// What comes of it.
pub(super) struct Answered {
    pub(super) verdict: Verdict,
    /// The `result` of its line.
    pub(super) result: Value,
    pub(super) nano_dollars: i64,
}

impl Answered {
    /// An `errored` result, in the API's usual form of errors.
    pub(super) fn error(refusal: &Refusal) -> Self {
        let mut error = refusal.body("");
        error["request_id"] = Value::Null;
        let result = json!({"type": "errored", "error": error});
        Self { verdict: Verdict::Errored, result, nano_dollars: 0 }
    }

    fn undone(verdict: Verdict, kind: &str) -> Self {
        Self { verdict, result: json!({"type": kind}), nano_dollars: 0 }
    }
}

/// Answers an item, and bills it where it costs something.
pub(super) fn answer(shared: &Shared, turn: &Turn<'_>) -> Answered {
    let question = match Question::parse(turn.params, turn.strict) {
        Ok(question) => question,
        Err(refusal) => return Answered::error(&refusal),
    };
    let plan = shared.plan_item(&question, turn.custom_id, turn.at_ms, turn.cache_hits);
    let fault = match fault_of(&plan) {
        ItemFault::Undone(verdict, kind) => return Answered::undone(verdict, kind),
        ItemFault::Usual(fault) => fault,
    };
    let (reply, usage) = compose(&question, &plan);
    let error = fault.as_ref().and_then(error_of);
    let billed = matches!(fault, Some(Fault::Status { billed: true, .. } | Fault::Close { billed: true }));
    let nano_dollars = if error.is_none() || billed {
        bill(shared, question.model, &usage, &plan.cache, turn.at_ms)
    } else {
        0
    };
    if let Some(refusal) = error {
        return Answered { nano_dollars, ..Answered::error(&refusal) };
    }
    let (batch, index) = turn.number;
    let id = format!("msg_simb{batch:07}x{index:08}");
    let head = Head { id: &id, model: question.model.id, usage: &usage, fault: fault.as_ref() };
    let result = json!({"type": "succeeded", "message": head.message(&reply)});
    Answered { verdict: Verdict::Succeeded, result, nano_dollars }
}

/// A fault as it shows in an item.
enum ItemFault {
    /// Its turn is said not to have come.
    Undone(Verdict, &'static str),
    Usual(Option<Fault>),
}

fn fault_of(plan: &Plan) -> ItemFault {
    match &plan.fault {
        Some(Fault::Batch(fault)) if fault.door == SimBatchDoor::Item => match &fault.failure {
            SimBatchFailure::Expired => ItemFault::Undone(Verdict::Expired, "expired"),
            SimBatchFailure::Canceled => ItemFault::Undone(Verdict::Canceled, "canceled"),
            _ => ItemFault::Usual(fault.usual().cloned()),
        },
        // A script's item may have a fault of an endpoint; here it is none.
        Some(Fault::Batch(_)) | None => ItemFault::Usual(None),
        Some(fault) => ItemFault::Usual(Some(fault.clone())),
    }
}

/// The error of a fault. What would break a connection is an error within Claude here: there is none to break.
fn error_of(fault: &Fault) -> Option<Refusal> {
    match fault {
        Fault::Close { .. } | Fault::Cut(_) | Fault::ErrorEvent { .. } => Some(of_status(500)),
        fault => fault.refusal(),
    }
}

fn bill(shared: &Shared, model: &'static Model, usage: &SimUsage, cache: &CachePlan, at_ms: i64) -> i64 {
    let cost = cost_nano_dollars(model.id, usage, at_ms).unwrap_or(0);
    let mut state = shared.state();
    state.bill.rebill(model.id, None, usage, cost);
    state.bill.batch_calls += 1;
    state.bill.batch_nano_dollars += cost;
    state.cache.commit(model.id, cache, at_ms);
    cost
}
