//! What a call is going to be: which model, which body, how much money.

use crate::agent::ask::Ask;
use crate::agent::body::{BadRequest, Body, named_tier};
use crate::agent::options::speed;
use crate::choice::tier::{Needs, Prompted};
use crate::door::GatewayDoor;
use crate::flight::bid::{Bid, Bound, Deadline, TASK_BUDGETS};
use crate::flight::burn::windows;
use crate::pace::Expected;
use crate::prompt_cache::caches::{Asked, Mark};
use crate::prompt_cache::lineage::Whose;
use crate::refresh::offer::TOKENS;
use crate::stage::choose::{Chosen, Wish, choose};
use crate::stage::compress::{self, Shortened};
use crate::stage::mark::{MarkedPrompt, caches, prompt};
use crate::stage::replies;
use anvil_budget::{
    AnswerKind, InputSize, Score, WarmPrompt, asks_for_task_budget, bound_input_tokens, takes_task_budget,
    task_budget, tier_for,
};
use anvil_store::ReplyKey;
use anvil_types::{CallError, CallErrorKind, Limits, Request, RequestOption, Tier};
use bytes::Bytes;

/// What is fixed for one try of a call.
pub(crate) struct Planned {
    pub bid: Bid,
    /// What the model's cache goes by, where there is enough of it.
    pub prompt: Option<MarkedPrompt>,
    /// Whether the host has marked it.
    pub is_marked: bool,
    /// What of it is sent, where that is looked at.
    pub shortened: Option<Shortened>,
    /// What it is known by in the cache of replies, where a kept reply may answer it.
    pub key: Option<ReplyKey>,
    /// What is sent to refresh what the host marks of it, where that may be.
    pub again: Option<Bytes>,
}

/// In which way a call goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallWay {
    /// By itself; the host may mark its prompt.
    Alone,
    /// By itself, without marks of the host's.
    Unmarked,
    /// In a batch, likewise: when it is read is not known.
    Batch,
}

/// Why a call cannot be planned.
pub(crate) enum Unplanned {
    /// The request is refused; nothing was asked.
    Refused(CallError),
    StoreFailed(String),
}

/// Plans a try. Each is planned anew: limits, prices and pressure may have changed while it waited.
pub(crate) async fn plan(door: &GatewayDoor, ask: &Ask, way: CallWay) -> Result<Planned, Unplanned> {
    let failed = |error: anvil_store::StoreError| Unplanned::StoreFailed(error.to_string());
    let limits = door.store.limits().await.map_err(failed)?.limits;
    let mut wish = wish(door, ask, &limits).map_err(Unplanned::Refused)?;
    let kind = door.config.upstream.kind;
    let windows = windows(door).await.map_err(failed)?;
    let (store, clock) = (door.store.as_ref(), door.clock.as_ref());
    let own = door.pressure.percent_of_agent(store, kind, clock, ask.asker.name()).await.map_err(failed)?;
    let pressure = door.pressure.percent(&windows).max(own);
    let prompt = prompt(door, ask.asker.name(), &ask.request, wish.needs.size.text_bytes);
    let prompt = prompt.filter(|prompt| prompt.has_own() || way == CallWay::Alone);
    let shortened = compress::shorten(door, ask, prompt.as_ref()).await.map_err(failed)?;
    let shorter = shortened.as_ref().and_then(Shortened::request);
    if let Some(shorter) = shorter {
        // Model and marks are chosen by what is sent.
        wish.needs = needs(door, wish.asked, shorter, wish.needs.most_output).map_err(Unplanned::Refused)?;
    }
    let whose = whose(ask);
    let chosen = choose(door, &wish, Prompted { whose, prompt: prompt.as_ref() }, pressure);
    let chosen = chosen.map_err(|error| Unplanned::Refused(invalid(error.to_string())))?;
    let task_budget = match way {
        CallWay::Batch => None,
        CallWay::Alone | CallWay::Unmarked => own_task_budget(door, ask, &chosen).await.map_err(failed)?,
    };
    let asked = Asked { row: &chosen.row, tokens: chosen.input_tokens, now: door.clock.now() };
    let marked = prompt.map(|prompt| {
        let marks = prompt.marks(&caches(door), whose, &asked);
        MarkedPrompt { prompt, marks }
    });
    let fading = |marked: &MarkedPrompt| caches(door).fading(&marked.prompt.outline, &marked.marks, &asked);
    let warm = marked.as_ref().filter(|_| way != CallWay::Batch).and_then(fading);
    let added = marked.as_ref().filter(|marked| !marked.prompt.has_own());
    let added = added.map_or(&[][..], |marked| &marked.marks);
    let is_marked = !added.is_empty();
    let is_lossy = shortened.as_ref().is_some_and(Shortened::is_lossy);
    let sent = Sent { shorter, is_lossy, needs: wish.needs, marks: added, warm, task_budget, way };
    let (bid, key, again) = bid(door, ask, &sent, chosen).map_err(Unplanned::Refused)?;
    Ok(Planned { bid, prompt: marked, is_marked, shortened, key, again })
}

/// What is sent of a question, and measured, and what the host adds to it.
struct Sent<'a> {
    /// What is sent in the place of the guest's own request.
    shorter: Option<&'a Request>,
    is_lossy: bool,
    needs: Needs,
    marks: &'a [Mark],
    /// What it begins with, where that is in its model's cache.
    warm: Option<WarmPrompt>,
    /// The task budget that the host gives it.
    task_budget: Option<u64>,
    way: CallWay,
}

/// What a request takes of the model of this tier.
fn needs(door: &GatewayDoor, asked: Tier, request: &Request, most_output: u64) -> Result<Needs, CallError> {
    let size = InputSize::of(request);
    let size = size.map_err(|error| CallError::unsent(CallErrorKind::UnboundedContent, error.to_string()))?;
    let input_tokens = door.learner.input(door.config.models.model(asked), size).tokens;
    Ok(Needs { size, input_tokens, most_output })
}

/// Whose prompt a request has.
pub(crate) fn whose(ask: &Ask) -> Whose<'_> {
    Whose { who: ask.asker.name(), job: ask.asker.job() }
}

/// The task budget that the host gives a tool loop by itself, from what its job may still spend: none where the request
/// has its own, or the model takes none.
async fn own_task_budget(
    door: &GatewayDoor,
    ask: &Ask,
    chosen: &Chosen,
) -> Result<Option<u64>, anvil_store::StoreError> {
    let (request, row) = (&ask.request, &chosen.row);
    let wanted = ask.terms.task_budget && !request.tools.is_empty() && !asks_for_task_budget(request);
    let Some(asker) = ask.asker.as_job().filter(|_| wanted && takes_task_budget(&row.model)) else {
        return Ok(None);
    };
    let job = door.store.job(asker.lease.job).await?;
    Ok(job.map(|job| task_budget(row, request, job.max_cost.less(job.cost + job.held))))
}

/// What the request asks for within the limits; what goes beyond them is refused.
fn wish<'a>(door: &GatewayDoor, ask: &'a Ask, limits: &Limits) -> Result<Wish<'a>, CallError> {
    let (request, terms) = (&ask.request, &ask.terms);
    let named = named_tier(request).map_err(|error| invalid(error.to_string()))?;
    let scored = terms.by_score.unwrap_or(door.config.models.by_score);
    let unsaid = scored && named.is_none() && request.effort.is_none();
    let score = unsaid.then(|| Score::of(terms.effort, request, terms.priority));
    let effort = score.as_ref().map_or(terms.effort, |score| score.effort);
    let asked = tier_for(&door.config.models, named, request.effort, effort, terms.floor);
    let most_input = terms.max_input_tokens.unwrap_or(limits.max_input_tokens);
    let most = terms.max_output_tokens.unwrap_or(limits.max_output_tokens);
    let most_output = request.max_output_tokens.map_or(most, |wish| wish.min(most));
    let needs = needs(door, asked, request, u64::from(most_output))?;
    let input_tokens = needs.input_tokens;
    if input_tokens > u64::from(most_input) {
        return Err(CallError::unsent(
            CallErrorKind::TooLarge,
            format!(
                "the request has about {input_tokens} input tokens; a call may have {most_input} \
                 (max_input_tokens)"
            ),
        ));
    }
    if most_output == 0 {
        return Err(invalid("max_output_tokens is 0; an answer needs at least one token".to_owned()));
    }
    let speed = speed(request).map_err(|error| invalid(error.to_string()))?;
    Ok(Wish { who: ask.asker.name(), request, asked, floor: terms.floor, score, speed, needs })
}

/// The bid of a request to the model that was chosen for it, what it is known by in the cache of replies, and what is sent to
/// refresh it.
fn bid(
    door: &GatewayDoor,
    ask: &Ask,
    sent: &Sent<'_>,
    chosen: Chosen,
) -> Result<(Bid, Option<ReplyKey>, Option<Bytes>), CallError> {
    let Chosen { tier, row, expected_cost, .. } = chosen;
    let Sent { shorter, is_lossy, needs, marks, warm, task_budget, way } = *sent;
    let batched = way == CallWay::Batch;
    let request = shorter.unwrap_or(&ask.request);
    let agent = ask.asker.name();
    let size = if task_budget.is_some() { needs.size.with_task_budget() } else { needs.size };
    let max_tokens = needs.most_output.min(row.max_output);
    let bad = |error: BadRequest| invalid(error.to_string());
    let budget = task_budget.map(|total| serde_json::json!({ "type": "tokens", "total": total }).to_string());
    let unmarked = |request| {
        let body = Body::of(request, &row.model, max_tokens)?;
        match &budget {
            Some(budget) => body.with_task_budget(budget),
            None => Ok(body),
        }
    };
    let mut body = unmarked(request).map_err(bad)?;
    let asks = asks_for_task_budget(request);
    if asks && !takes_task_budget(&row.model) {
        return Err(bad(BadRequest::NoTaskBudget(row.model.clone())));
    }
    // A question is known by the guest's own words, however they are sent.
    let own = shorter.filter(|_| replies::may_answer(door, ask));
    let own = own.map(|_| unmarked(&ask.request)).transpose().map_err(bad)?;
    let key = replies::key(door, ask, &tier, own.as_ref().unwrap_or(&body), is_lossy);
    body.mark(marks);
    // What a model is to think takes more than a refresh may have.
    let refreshes = door.config.prompt_cache_refresh && !marks.is_empty() && !asks && task_budget.is_none();
    let again = (refreshes && request.option(RequestOption::Thinking).is_none()).then(|| {
        let mut again = Body::of(request, &row.model, TOKENS)?;
        again.mark(marks);
        Ok(Bytes::from(again.bytes()))
    });
    let again = again.transpose().map_err(bad)?;
    let body = if batched { body.in_one_piece() } else { body };
    let body = body.bytes();
    let input_tokens = bound_input_tokens(size, body.len());
    let patience = door.config.patience;
    let bid = Bid {
        who: ask.asker.clone(),
        tags: ask.terms.tags.clone(),
        tier,
        bound: Bound {
            // The bytes that are sent are the bytes that are measured.
            amount: if batched {
                row.bound_in_batch(input_tokens, max_tokens)
            } else {
                row.bound(input_tokens, max_tokens)
            },
            max_tokens,
            size,
        },
        expected: Expected {
            input: door.learner.input(&row.model, size),
            output: door.learner.output(agent, &row.model, max_tokens),
            most_output: max_tokens,
            kind: AnswerKind::of(agent, &row.model, max_tokens),
        },
        expected_cost,
        warm,
        priority: ask.terms.priority,
        since: ask.terms.since,
        deadline: Deadline { first_byte: patience.first_byte, whole: patience.call, drain: patience.drain },
        row,
        betas: if asks || task_budget.is_some() { &[TASK_BUDGETS] } else { &[] },
        body: body.into(),
        batched,
    };
    Ok((bid, key, again))
}

fn invalid(message: String) -> CallError {
    CallError::unsent(CallErrorKind::InvalidRequest, message)
}
