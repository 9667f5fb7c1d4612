//! What a request would take of the model behind each tier.

use crate::door::GatewayDoor;
use crate::prompt_cache::caches::Asked;
use crate::prompt_cache::lineage::Whose;
use crate::stage::mark::{Prompt, caches};
use anvil_budget::{Candidate, InputSize, ModelMap, PriceError, PriceRow, PriceTable, RequestFields};
use anvil_types::{Speed, Tier, Timestamp};

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

/// Whose request it is, and what of it a model's cache goes by.
#[derive(Clone, Copy)]
pub(crate) struct Prompted<'p> {
    pub whose: Whose<'p>,
    pub prompt: Option<&'p Prompt>,
}

/// Each of these with what the request would take of it.
pub(crate) fn candidates<'r>(
    door: &GatewayDoor,
    rows: &'r [(Tier, PriceRow)],
    needs: &Needs,
    fields: &RequestFields,
    prompted: Prompted<'_>,
    output_tokens: u64,
) -> Vec<Candidate<'r>> {
    let now = door.clock.now();
    let caches = caches(door);
    let candidate = |(tier, row): &'r (Tier, PriceRow)| {
        let estimated = || door.learner.input(&row.model, needs.size).tokens;
        let Some(prompt) = prompted.prompt else {
            return candidate(*tier, row, estimated(), needs, fields, output_tokens);
        };
        // What an answer has counted is better than what was estimated.
        let input_tokens = caches.counted(&prompt.outline).unwrap_or_else(estimated);
        let marks = prompt.marks(&caches, prompted.whose, &Asked { row, tokens: input_tokens, now });
        let candidate = candidate(*tier, row, input_tokens, needs, fields, output_tokens);
        candidate.with_prompt(&caches, &prompt.outline, &marks, now)
    };
    rows.iter().map(candidate).collect()
}

fn candidate<'r>(
    tier: Tier,
    row: &'r PriceRow,
    input_tokens: u64,
    needs: &Needs,
    fields: &RequestFields,
    output_tokens: u64,
) -> Candidate<'r> {
    Candidate {
        tier,
        row,
        input_tokens,
        warm_tokens: 0,
        written_for: None,
        output_tokens,
        rejects: fields.rejected_by(row, needs.input_tokens, needs.most_output),
    }
}
