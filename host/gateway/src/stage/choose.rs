//! Which model answers: the tier that was asked for, or a cheaper one where money is short.

use crate::choice::tier::{Needs, Prompted, candidates, rows};
use crate::door::GatewayDoor;
use crate::flight::bid::TierChoice;
use anvil_budget::{ChoiceReason, PriceError, PriceRow, RequestFields, Score, Turn};
use anvil_types::{ContentBlock, Nanodollars, Request, Role, Speed, Tier};

/// What a request asks for, before a model is chosen.
pub(crate) struct Wish<'a> {
    /// Under which name what was learnt of such calls is kept.
    pub who: &'a str,
    pub request: &'a Request,
    /// The tier that it asks for, and the weakest that will do.
    pub asked: Tier,
    pub floor: Option<Tier>,
    /// What its effort was chosen by, where it says none and is scored.
    pub score: Option<Score>,
    /// How fast it is to be answered, where it says.
    pub speed: Option<Speed>,
    pub needs: Needs,
}

/// The model that answers.
pub(crate) struct Chosen {
    pub tier: TierChoice,
    pub row: PriceRow,
    /// Input tokens, as it probably counts them.
    pub input_tokens: u64,
    /// What the call probably costs.
    pub expected_cost: Nanodollars,
}

/// Chooses the model of a request, where the fullest window is at so many percent.
pub(crate) fn choose(
    door: &GatewayDoor,
    wish: &Wish<'_>,
    prompted: Prompted<'_>,
    pressure: u64,
) -> Result<Chosen, PriceError> {
    let asked = wish.asked;
    let rows = rows(&door.prices(), &door.config.models, asked, wish.speed, door.clock.now())?;
    let model = door.config.models.model(asked);
    let usual_output = door.learner.usual_output(wish.who, model, wish.needs.most_output);
    let fields = RequestFields::of(wish.request);
    let candidates = candidates(door, &rows, &wish.needs, &fields, prompted, usual_output);
    let turn = turn(wish.request);
    let choice = anvil_budget::choose(door.config.pressure, asked, wish.floor, pressure, turn, &candidates);
    let given = candidates
        .iter()
        .find(|candidate| candidate.tier == choice.tier)
        .expect("a tier is chosen out of the candidates");
    let pressed = (choice.reason != ChoiceReason::AsAsked).then(|| choice.reason.to_string());
    let scored = wish.score.as_ref().map(|score| door.config.models.tier(score.effort));
    let floored =
        (scored.is_some_and(|scored| scored < asked)).then(|| format!("never below {}", asked.name()));
    let reasons: Vec<_> = wish.score.iter().map(Score::to_string).chain(floored).chain(pressed).collect();
    let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
    Ok(Chosen {
        tier: TierChoice { asked, given: choice.tier, reason },
        row: given.row.clone(),
        input_tokens: given.input_tokens,
        expected_cost: given.expected_cost(),
    })
}

/// Where its conversation stands: it goes on where Claude has spoken in it.
pub(crate) fn turn(request: &Request) -> Turn {
    let spoken = request.messages.iter().any(|message| {
        message.role == Role::Assistant
            || message.content.iter().any(|block| matches!(block, ContentBlock::ToolResult { .. }))
    });
    if spoken { Turn::Later } else { Turn::First }
}
