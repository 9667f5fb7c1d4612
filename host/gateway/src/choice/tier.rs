//! What a request would take of the model behind each tier.

use crate::choice::prompt_cache::Prompt;
use crate::door::GatewayDoor;
use anvil_budget::{Candidate, InputSize, ModelMap, PriceError, PriceRow, PriceTable, RequestFields};
use anvil_types::{Speed, Tier, Timestamp};
use std::sync::PoisonError;

/// How much a request takes, whatever the model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    pub size: InputSize,
    /// Input tokens as the model that is asked probably counts them.
    pub input_tokens: u64,
    /// The most output tokens that the limits let it have.
    pub most_output: u64,
}

/// The prices of the tier that was asked for, and of the ones below it that have some.
pub(crate) fn rows(
    prices: &PriceTable,
    models: &ModelMap,
    asked: Tier,
    speed: Option<Speed>,
    now: Timestamp,
) -> Result<Vec<(Tier, PriceRow)>, PriceError> {
    // The rows of the ordinary speed name none.
    let speed = speed.filter(|speed| *speed != Speed::Standard).map(Speed::name);
    let row = |tier: Tier| prices.row(models.model(tier), speed, now).cloned();
    let of_asked = row(asked)?;
    let lower = Tier::ALL.into_iter().filter(|tier| *tier < asked);
    let mut rows: Vec<_> = lower.filter_map(|tier| Some((tier, row(tier).ok()?))).collect();
    rows.push((asked, of_asked));
    Ok(rows)
}

/// Each of these with what the request would take of it.
pub(crate) fn candidates<'r>(
    door: &GatewayDoor,
    rows: &'r [(Tier, PriceRow)],
    needs: &Needs,
    fields: &RequestFields,
    prompt: Option<Prompt>,
    output_tokens: u64,
) -> Vec<Candidate<'r>> {
    let now = door.clock.now();
    let warm = door.warm.lock().unwrap_or_else(PoisonError::into_inner);
    // What an answer has counted is better than what was estimated.
    let counted = prompt.and_then(|prompt| warm.tokens(prompt));
    rows.iter()
        .map(|(tier, row)| Candidate {
            tier: *tier,
            row,
            input_tokens: counted.unwrap_or_else(|| door.learner.input(&row.model, needs.size).tokens),
            warm_tokens: prompt.map_or(0, |prompt| warm.warm_tokens(prompt, &row.model, now)),
            written_for: prompt.map(|prompt| prompt.ttl),
            output_tokens,
            rejects: fields.rejected_by(row, needs.input_tokens, needs.most_output),
        })
        .collect()
}
