//! What a call is going to be: which model, which body, how much money.

use crate::agent::ask::Ask;
use crate::agent::body::{Body, named_tier};
use crate::choice::prompt_cache::Prompt;
use crate::door::GatewayDoor;
use crate::flight::bid::{Bid, Bound, Deadline, TierChoice};
use crate::flight::burn::windows;
use crate::pace::Expected;
use anvil_budget::{
    AnswerKind, Candidate, ChoiceReason, InputSize, PriceRow, RequestFields, Turn, bound_input_tokens,
    choose, tier_for,
};
use anvil_types::{CallError, CallErrorKind, ContentBlock, Limits, Request, Role, Tier};
use std::sync::PoisonError;

/// What is fixed for one try of a call.
pub(crate) struct Planned {
    pub bid: Bid,
    /// What the model's cache goes by, where the request marks its prompt.
    pub prompt: Option<Prompt>,
}

/// Why a call cannot be planned.
pub(crate) enum Unplanned {
    /// The request is refused; nothing was asked.
    Refused(CallError),
    StoreFailed(String),
}

/// Plans a try. Each is planned anew: limits, prices and pressure may have changed while it waited.
pub(crate) async fn plan(door: &GatewayDoor, ask: &Ask) -> Result<Planned, Unplanned> {
    let failed = |error: anvil_store::StoreError| Unplanned::StoreFailed(error.to_string());
    let limits = door.store.limits().await.map_err(failed)?.limits;
    let wishes = Wishes::of(door, ask, &limits).map_err(Unplanned::Refused)?;
    let kind = door.config.upstream.kind;
    let windows = windows(door).await.map_err(failed)?;
    let (store, clock) = (door.store.as_ref(), door.clock.as_ref());
    let own = door.pressure.percent_of_agent(store, kind, clock, ask.asker.name()).await.map_err(failed)?;
    let pressure = door.pressure.percent(&windows).max(own);
    wishes.plan(door, ask, pressure).map_err(Unplanned::Refused)
}

/// What a request asks for, before a model is chosen.
struct Wishes {
    asked: Tier,
    size: InputSize,
    input_tokens: u64,
    /// The most output tokens that the limits let it have.
    most_output: u64,
    prompt: Option<Prompt>,
}

impl Wishes {
    fn of(door: &GatewayDoor, ask: &Ask, limits: &Limits) -> Result<Self, CallError> {
        let (request, who) = (&ask.request, &ask.terms);
        let size = InputSize::of(request)
            .map_err(|error| CallError::unsent(CallErrorKind::UnboundedContent, error.to_string()))?;
        let named = named_tier(request).map_err(|error| invalid(error.to_string()))?;
        let asked = tier_for(&door.config.models, named, request.effort, who.effort, who.floor);
        let most_input = who.max_input_tokens.unwrap_or(limits.max_input_tokens);
        let input_tokens = door.learner.input(door.config.models.model(asked), size).tokens;
        if input_tokens > u64::from(most_input) {
            return Err(CallError::unsent(
                CallErrorKind::TooLarge,
                format!(
                    "the request has about {input_tokens} input tokens; a call may have {most_input} \
                     (max_input_tokens)"
                ),
            ));
        }
        let most = who.max_output_tokens.unwrap_or(limits.max_output_tokens);
        let most_output = request.max_output_tokens.map_or(most, |wish| wish.min(most));
        if most_output == 0 {
            return Err(invalid("max_output_tokens is 0; an answer needs at least one token".to_owned()));
        }
        let prompt = Prompt::of(request);
        Ok(Self { asked, size, input_tokens, most_output: u64::from(most_output), prompt })
    }

    fn plan(self, door: &GatewayDoor, ask: &Ask, pressure: u64) -> Result<Planned, CallError> {
        let rows = self.rows(door)?;
        let (agent, model) = (ask.asker.name(), door.config.models.model(self.asked));
        let usual_output = door.learner.usual_output(agent, model, self.most_output);
        let candidates = self.candidates(door, ask, &rows, usual_output);
        let choice = choose(
            door.config.pressure,
            self.asked,
            ask.terms.floor,
            pressure,
            turn(&ask.request),
            &candidates,
        );
        let given = candidates
            .iter()
            .find(|candidate| candidate.tier == choice.tier)
            .expect("a tier is chosen out of the candidates");
        let expected_cost = given.expected_cost();
        let row = given.row.clone();
        let max_tokens = self.most_output.min(row.max_output);
        let body = Body::of(&ask.request, &row.model, max_tokens);
        let body = body.map_err(|error| invalid(error.to_string()))?.bytes();
        let reason = (choice.reason != ChoiceReason::AsAsked).then(|| choice.reason.to_string());
        let patience = door.config.patience;
        let bid = Bid {
            who: ask.asker.clone(),
            tags: ask.terms.tags.clone(),
            tier: TierChoice { asked: self.asked, given: choice.tier, reason },
            bound: Bound {
                // The bytes that are sent are the bytes that are measured.
                amount: row.bound(bound_input_tokens(self.size, body.len()), max_tokens),
                max_tokens,
                size: self.size,
            },
            expected: Expected {
                input: door.learner.input(&row.model, self.size),
                output: door.learner.output(agent, &row.model, max_tokens),
                most_output: max_tokens,
                kind: AnswerKind::of(agent, &row.model, max_tokens),
            },
            expected_cost,
            priority: ask.terms.priority,
            since: ask.terms.since,
            deadline: Deadline {
                first_byte: patience.first_byte,
                whole: patience.call,
                drain: patience.drain,
            },
            row,
            body: body.into(),
        };
        Ok(Planned { bid, prompt: self.prompt })
    }

    // The prices of the tier that was asked for, and of the ones below it that have some.
    fn rows(&self, door: &GatewayDoor) -> Result<Vec<(Tier, PriceRow)>, CallError> {
        let now = door.clock.now();
        let prices = door.prices();
        let row = |tier: Tier| prices.row(door.config.models.model(tier), None, now).cloned();
        let asked = row(self.asked).map_err(|error| invalid(error.to_string()))?;
        let lower = Tier::ALL.into_iter().filter(|tier| *tier < self.asked);
        let mut rows: Vec<_> = lower.filter_map(|tier| Some((tier, row(tier).ok()?))).collect();
        rows.push((self.asked, asked));
        Ok(rows)
    }

    fn candidates<'r>(
        &self,
        door: &GatewayDoor,
        ask: &Ask,
        rows: &'r [(Tier, PriceRow)],
        output_tokens: u64,
    ) -> Vec<Candidate<'r>> {
        let fields = RequestFields::of(&ask.request);
        let now = door.clock.now();
        let warm = door.warm.lock().unwrap_or_else(PoisonError::into_inner);
        // What an answer has counted is better than what was estimated.
        let counted = self.prompt.and_then(|prompt| warm.tokens(prompt));
        rows.iter()
            .map(|(tier, row)| Candidate {
                tier: *tier,
                row,
                input_tokens: counted.unwrap_or_else(|| door.learner.input(&row.model, self.size).tokens),
                warm_tokens: self.prompt.map_or(0, |prompt| warm.warm_tokens(prompt, &row.model, now)),
                written_for: self.prompt.map(|prompt| prompt.ttl),
                output_tokens,
                rejects: fields.rejected_by(row, self.input_tokens, self.most_output),
            })
            .collect()
    }
}

// A conversation goes on where Claude has spoken in it.
fn turn(request: &Request) -> Turn {
    let spoken = request.messages.iter().any(|message| {
        message.role == Role::Assistant
            || message.content.iter().any(|block| matches!(block, ContentBlock::ToolResult { .. }))
    });
    if spoken { Turn::Later } else { Turn::First }
}

fn invalid(message: String) -> CallError {
    CallError::unsent(CallErrorKind::InvalidRequest, message)
}
