//! One call on its way: which model, how much money, what it takes of the pace, what it came to.

use crate::cached::{KeptPrompts, outline};
use crate::host::PlannedHost;
use crate::kind::{Drawn, Kind};
use anvil_budget::prompt_cache::caches::{AskedModel, Mark, PromptCaches};
use anvil_budget::prompt_cache::lineage::Whose;
use anvil_budget::prompt_cache::outline::Outline;
use anvil_budget::{
    AnswerKind, Burn, Candidate, Estimator, InputSize, PressureSteps, PriceError, PriceRow, Turn, WarmPrompt,
    Whole, bound_input_tokens, choose, pressure_percent,
};
use anvil_pace::{Expected, InLine, LinePlace, PaceTurn};
use anvil_types::{JobId, Nanodollars, Priority, Tier, Timestamp, Usage};
use std::sync::Arc;

/// Bytes of a request beside its text: the names of its members, and of each turn; of each mark.
const BODY: u64 = 96;
const BODY_OF_TURN: u64 = 56;
const BODY_OF_MARK: u64 = 48;

/// The prices of the tier that a kind asks for, and of those below it.
pub(crate) type Rows = Vec<(Tier, Arc<PriceRow>)>;

/// The price rows of each kind.
pub(crate) fn priced(host: &PlannedHost, kinds: &[Kind], now: Timestamp) -> Result<Vec<Rows>, PriceError> {
    kinds.iter().map(|kind| rows(host, kind, now)).collect()
}

/// The prices that count for a kind, as of the plan's first day.
fn rows(host: &PlannedHost, kind: &Kind, now: Timestamp) -> Result<Rows, PriceError> {
    let row = |tier: Tier| host.prices.row(host.models.model(tier), None, now).cloned();
    let asked = row(kind.tier)?;
    let lower = Tier::ALL.into_iter().filter(|tier| *tier < kind.tier);
    let mut rows: Rows = lower.filter_map(|tier| Some((tier, Arc::new(row(tier).ok()?)))).collect();
    rows.push((kind.tier, Arc::new(asked)));
    Ok(rows)
}

/// What was learnt of calls so far.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub estimator: Estimator,
    pub caches: PromptCaches,
    pub kept: KeptPrompts,
}

/// A call that wants to go out.
#[derive(Debug)]
pub(crate) struct PlanCall {
    pub job: u64,
    pub who: Arc<str>,
    pub id: JobId,
    pub place: LinePlace,
    pub since: Timestamp,
    pub priority: Priority,
    pub row: Arc<PriceRow>,
    pub tiers: (Tier, Tier),
    pub expected: Expected,
    pub cost: Nanodollars,
    pub hold: Nanodollars,
    pub size: InputSize,
    pub drawn: Drawn,
    warm: Option<WarmPrompt>,
    prompt: Option<(Outline, Vec<Mark>)>,
}

impl InLine for PlanCall {
    fn place(&self) -> LinePlace {
        self.place
    }

    fn turn(&self) -> PaceTurn {
        PaceTurn::new(self.priority, self.since, Some(self.id))
    }

    fn priority(&self) -> Priority {
        self.priority
    }

    fn cost(&self) -> Nanodollars {
        self.cost
    }

    fn model(&self) -> &str {
        &self.row.model
    }

    fn expected(&self) -> Expected {
        self.expected
    }

    fn warm(&self) -> Option<WarmPrompt> {
        self.warm
    }
}

/// Who asks, and how far the job has come.
pub(crate) struct AskerOf<'k> {
    pub kind: &'k Kind,
    /// Which of the kinds.
    pub number: usize,
    pub name: Arc<str>,
    pub job: u64,
    pub id: JobId,
    pub since: Timestamp,
    /// Calls of the job that were answered.
    pub call: u32,
    /// The call's own arrival, among all.
    pub arrival: u64,
}

/// Plans a call, as the gateway does each time that it is asked: limits, prices and pressure may have changed. Nothing where it
/// is longer than a call may be.
#[expect(clippy::too_many_arguments, reason = "what a call is planned by, from one place")]
pub(crate) fn plan(
    host: &PlannedHost,
    rows: &Rows,
    known: &Known,
    windows: &[Burn],
    running: Nanodollars,
    asker: &AskerOf<'_>,
    drawn: Drawn,
    now: Timestamp,
) -> Option<PlanCall> {
    let kind = asker.kind;
    let (_, asked) = rows.last().expect("the tier that is asked has a price");
    let bytes = kind
        .bytes_per_token
        .unwrap_or_else(|| anvil_budget::models::tokenizer_of(&asked.model).bytes_per_token);
    let turns = if kind.grows > 0 { 1 + 2 * u64::from(asker.call) } else { 1 };
    let size = InputSize { text_bytes: scaled(drawn.input, bytes), messages: turns, ..InputSize::default() };
    if known.estimator.input(&asked.model, size).tokens > u64::from(host.limits.max_input_tokens) {
        return None;
    }
    let limit = u64::from(host.limits.max_output_tokens);
    let most = kind.max_output.map_or(limit, |wish| wish.min(limit));
    let outline = outline(kind, asker.number, asker.job, asker.call, drawn.input);
    let outline = outline.filter(|_| host.prompt_cache);
    let marks = |row: &PriceRow, tokens: u64| {
        let asked = AskedModel { row, tokens, now };
        outline.as_ref().map_or_else(Vec::new, |outline| known.caches.marks(outline, &asker.name, &asked))
    };
    let usual = known.estimator.usual_output(&asker.name, &asked.model, most);
    let candidate = |tier: Tier, row| {
        let row: &PriceRow = row;
        let told = outline.as_ref().and_then(|outline| known.caches.counted(outline));
        let input_tokens = told.unwrap_or_else(|| known.estimator.input(&row.model, size).tokens);
        let plain = Candidate {
            tier,
            row,
            input_tokens,
            warm_tokens: 0,
            written_for: None,
            output_tokens: usual,
            rejects: None,
        };
        match &outline {
            Some(outline) => plain.with_prompt(&known.caches, outline, &marks(row, input_tokens), now),
            None => plain,
        }
    };
    let pressure = pressure_percent(windows, running);
    // Where nothing presses, nothing but the tier that is asked is looked at.
    let looked_at = if presses(host.pressure, pressure) { &rows[..] } else { &rows[rows.len() - 1..] };
    let candidates: Vec<_> = looked_at.iter().map(|(tier, row)| candidate(*tier, row)).collect();
    let turn = if asker.call > 0 && kind.grows > 0 { Turn::Later } else { Turn::First };
    let choice = choose(host.pressure, kind.tier, kind.floor, pressure, turn, &candidates);
    let given = candidates.iter().find(|candidate| candidate.tier == choice.tier)?;
    let (_, row) = rows.iter().find(|(tier, _)| *tier == choice.tier)?;
    let max_tokens = most.min(row.max_output);
    let marks = marks(row, given.input_tokens);
    let asked_model = AskedModel { row, tokens: given.input_tokens, now };
    let fading = |outline: &Outline| known.caches.fading(outline, &marks, &asked_model);
    let warm = outline.as_ref().and_then(fading);
    let body = size.text_bytes + BODY + turns * BODY_OF_TURN + marks.len() as u64 * BODY_OF_MARK;
    let bound = bound_input_tokens(size, usize::try_from(body).unwrap_or(usize::MAX));
    Some(PlanCall {
        job: asker.job,
        who: asker.name.clone(),
        id: asker.id,
        place: LinePlace::new(kind.priority, asker.since, asker.arrival),
        since: asker.since,
        priority: kind.priority,
        tiers: (kind.tier, choice.tier),
        expected: Expected {
            input: known.estimator.input(&row.model, size),
            output: known.estimator.output(&asker.name, &row.model, max_tokens),
            most_output: max_tokens,
            kind: AnswerKind::of(&asker.name, &row.model, max_tokens),
        },
        cost: given.expected_cost(),
        hold: row.bound(bound, max_tokens),
        size,
        drawn: Drawn { output: drawn.output.min(max_tokens), ..drawn },
        warm,
        prompt: outline.map(|outline| (outline, marks)),
        row: row.clone(),
    })
}

fn presses(steps: PressureSteps, pressure: u64) -> bool {
    [steps.one_down, steps.cheapest].into_iter().flatten().any(|percent| pressure >= u64::from(percent))
}

impl PlanCall {
    /// It goes out: what its answer will tell of it.
    pub(crate) fn usage(&self, known: &mut Known, now: Timestamp) -> Usage {
        let input = self.drawn.input;
        let read = self.prompt.as_ref().map(|(outline, marks)| {
            known.kept.ask(&self.row.model, outline, marks, input, now, self.drawn.first_byte)
        });
        let usage = read.unwrap_or_else(|| Usage { input_tokens: input, ..Usage::default() });
        Usage { output_tokens: self.drawn.output, ..usage }
    }

    /// Bytes of its answer as it comes.
    pub(crate) fn answer_bytes(&self) -> u64 {
        self.drawn.output * 4
    }

    /// It was answered: what that teaches. Tells whether the answer was unlike all of its kind before.
    pub(crate) fn learn(&self, known: &mut Known, usage: &Usage, held_at: Timestamp) -> bool {
        let (output, most, bytes) = (usage.output_tokens, self.expected.most_output, self.answer_bytes());
        let whole = Whole { output, most, bytes };
        let model = self.row.model.as_str();
        if let Some((outline, marks)) = &self.prompt {
            let whose = Whose { who: &self.who, job: Some(self.id) };
            known.caches.learn(whose, outline, marks, model, usage, held_at);
        }
        known.estimator.learn(&self.who, model, self.size, usage.prompt_tokens(), whole)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "some megabytes at most, and not negative"
)]
fn scaled(tokens: u64, by: f64) -> u64 {
    (tokens as f64 * by).round() as u64
}
