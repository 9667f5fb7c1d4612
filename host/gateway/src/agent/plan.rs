//! What a call is going to be: which model, which body, how much money.

use crate::agent::ask::Ask;
use crate::agent::body::{Body, named_tier};
use crate::choice::prompt_cache::Prompt;
use crate::door::Door;
use crate::flight::bill::Held;
use crate::pace::Expected;
use anvil_budget::{
    AnswerKind, Candidate, Choice, ChoiceReason, InputSize, PriceRow, RequestFields, Turn,
    bound_input_tokens, choose, even_burn, tier_for,
};
use anvil_types::{
    CallError, CallErrorKind, ContentBlock, Limits, Nanodollars, Request, Role, Tier, Timestamp,
};
use std::sync::PoisonError;

/// What is fixed for one try of a call.
pub(crate) struct Plan<'a> {
    pub ask: &'a Ask,
    pub body: Vec<u8>,
    /// The tier that was asked for.
    pub asked: Tier,
    /// The tier that answers, and why.
    pub choice: Choice,
    pub row: PriceRow,
    /// The most that it can cost: the hold.
    pub amount: Nanodollars,
    /// What it will probably cost.
    pub expected_cost: Nanodollars,
    pub max_tokens: u64,
    pub expected: Expected,
    /// The sizes that its input tokens follow from.
    pub size: InputSize,
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
pub(crate) async fn plan<'a>(gateway: &Door, ask: &'a Ask) -> Result<Plan<'a>, Unplanned> {
    let failed = |error: anvil_store::StoreError| Unplanned::StoreFailed(error.to_string());
    let limits = gateway.store.limits().await.map_err(failed)?.limits;
    let wishes = Wishes::of(gateway, ask, &limits).map_err(Unplanned::Refused)?;
    let kind = gateway.config.upstream.kind;
    let windows = gateway.pressure.windows(gateway.store.as_ref(), kind, gateway.clock.as_ref()).await;
    let windows = windows.map_err(failed)?;
    let burn =
        gateway.config.pressure.throttle.and_then(|from| even_burn(&windows, from, gateway.clock.now()));
    gateway.admission.with_throttle(|throttle| throttle.set(burn));
    let (store, clock) = (gateway.store.as_ref(), gateway.clock.as_ref());
    let own =
        gateway.pressure.percent_of_agent(store, kind, clock, &ask.asker.agent).await.map_err(failed)?;
    let pressure = gateway.pressure.percent(&windows).max(own);
    wishes.plan(gateway, ask, pressure).map_err(Unplanned::Refused)
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
    fn of(gateway: &Door, ask: &Ask, limits: &Limits) -> Result<Self, CallError> {
        let (request, who) = (&ask.request, &ask.asker);
        let size = InputSize::of(request)
            .map_err(|error| CallError::unsent(CallErrorKind::UnboundedContent, error.to_string()))?;
        let named = named_tier(request).map_err(|error| invalid(error.to_string()))?;
        let asked = tier_for(&gateway.config.models, named, request.effort, who.effort, who.floor);
        let most_input = who.max_input_tokens.unwrap_or(limits.max_input_tokens);
        let input_tokens = gateway.learner.input(gateway.config.models.model(asked), size).tokens;
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

    fn plan<'a>(self, gateway: &Door, ask: &'a Ask, pressure: u64) -> Result<Plan<'a>, CallError> {
        let rows = self.rows(gateway)?;
        let (agent, model) = (&ask.asker.agent, gateway.config.models.model(self.asked));
        let usual_output = gateway.learner.usual_output(agent, model, self.most_output);
        let candidates = self.candidates(gateway, ask, &rows, usual_output);
        let choice = choose(
            gateway.config.pressure,
            self.asked,
            ask.asker.floor,
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
        Ok(Plan {
            ask,
            asked: self.asked,
            // The bytes that are sent are the bytes that are measured.
            amount: row.bound(bound_input_tokens(self.size, body.len()), max_tokens),
            body,
            expected_cost,
            max_tokens,
            expected: Expected {
                input: gateway.learner.input(&row.model, self.size),
                output: gateway.learner.output(agent, &row.model, max_tokens),
                most_output: max_tokens,
                kind: AnswerKind::of(agent, &row.model, max_tokens),
            },
            size: self.size,
            prompt: self.prompt,
            choice,
            row,
        })
    }

    // The prices of the tier that was asked for, and of the ones below it that have some.
    fn rows(&self, gateway: &Door) -> Result<Vec<(Tier, PriceRow)>, CallError> {
        let now = gateway.clock.now();
        let prices = gateway.prices();
        let row = |tier: Tier| prices.row(gateway.config.models.model(tier), None, now).cloned();
        let asked = row(self.asked).map_err(|error| invalid(error.to_string()))?;
        let lower = Tier::ALL.into_iter().filter(|tier| *tier < self.asked);
        let mut rows: Vec<_> = lower.filter_map(|tier| Some((tier, row(tier).ok()?))).collect();
        rows.push((self.asked, asked));
        Ok(rows)
    }

    fn candidates<'r>(
        &self,
        gateway: &Door,
        ask: &Ask,
        rows: &'r [(Tier, PriceRow)],
        output_tokens: u64,
    ) -> Vec<Candidate<'r>> {
        let fields = RequestFields::of(&ask.request);
        let now = gateway.clock.now();
        let warm = gateway.warm.lock().unwrap_or_else(PoisonError::into_inner);
        // What an answer has counted is better than what was estimated.
        let counted = self.prompt.and_then(|prompt| warm.tokens(prompt));
        rows.iter()
            .map(|(tier, row)| Candidate {
                tier: *tier,
                row,
                input_tokens: counted.unwrap_or_else(|| gateway.learner.input(&row.model, self.size).tokens),
                warm_tokens: self.prompt.map_or(0, |prompt| warm.warm_tokens(prompt, &row.model, now)),
                written_for: self.prompt.map(|prompt| prompt.ttl),
                output_tokens,
                rejects: fields.rejected_by(row, self.input_tokens, self.most_output),
            })
            .collect()
    }
}

impl Plan<'_> {
    /// What the hold was made for, taken at this time.
    pub(crate) fn held(&self, at: Timestamp) -> Held {
        Held {
            row: self.row.clone(),
            at,
            amount: self.amount,
            max_tokens: self.max_tokens,
            size: self.size,
            body_bytes: self.body.len(),
        }
    }

    /// Why another tier than the one that was asked for answers, or why not although money is short;
    /// none where nothing presses.
    pub(crate) fn reason(&self) -> Option<String> {
        (self.choice.reason != ChoiceReason::AsAsked).then(|| self.choice.reason.to_string())
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
