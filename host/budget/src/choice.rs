//! Which model answers: the tier that the work asks for, or a cheaper one under pressure.

use crate::pressure::PressureSteps;
use crate::price::PriceRow;
use crate::prompt_cache::CacheTtl;
use crate::prompt_cache::caches::{Mark, PromptCaches};
use crate::prompt_cache::outline::Outline;
use anvil_types::{Nanodollars, Tier, Timestamp, Usage};
use std::fmt;

/// What a request would probably take of one model.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The tier.
    pub tier: Tier,
    /// Its model's prices.
    pub row: &'a PriceRow,
    /// Input tokens, by the estimate.
    pub input_tokens: u64,
    /// How many of them its prompt cache has, and would be read from there.
    pub warm_tokens: u64,
    /// For how long the others are written into it, where the request marks its prompt for that.
    pub written_for: Option<CacheTtl>,
    /// Output tokens, by the estimate.
    pub output_tokens: u64,
    /// Which of the request's fields the model rejects, where it rejects one.
    pub rejects: Option<&'static str>,
}

impl Candidate<'_> {
    /// With what the model has of this prompt in its cache, and what of it is kept there, where it is marked so.
    #[must_use]
    pub fn with_prompt(
        self,
        caches: &PromptCaches,
        outline: &Outline,
        marks: &[Mark],
        now: Timestamp,
    ) -> Self {
        let warm = caches.warm(outline, &self.row.model, now).filter(|_| !marks.is_empty());
        Self {
            warm_tokens: warm.map_or(0, |(_, warm)| warm.tokens),
            written_for: marks.last().map(|mark| mark.ttl),
            ..self
        }
    }

    /// What the request would probably cost.
    pub fn expected_cost(&self) -> Nanodollars {
        let cache_read_tokens = self.warm_tokens.min(self.input_tokens);
        let rest = self.input_tokens - cache_read_tokens;
        let mut usage = Usage { output_tokens: self.output_tokens, cache_read_tokens, ..Usage::default() };
        match self.written_for {
            None => usage.input_tokens = rest,
            Some(CacheTtl::FiveMinutes) => usage.cache_write_5m_tokens = rest,
            Some(CacheTtl::Hour) => usage.cache_write_1h_tokens = rest,
        }
        self.row.cost(&usage)
    }
}

/// Why a tier was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChoiceReason {
    /// Nothing presses.
    AsAsked,
    /// The pressure calls for a cheaper tier, and this is it.
    Pressure {
        /// The pressure, in percent.
        percent: u64,
    },
    /// The pressure calls for a cheaper tier, but it would cost more for this request.
    NotCheaper {
        /// The tier that it would have been.
        tier: Tier,
    },
    /// The pressure calls for a cheaper tier, but a conversation stays with its model.
    Conversation,
    /// The pressure calls for a cheaper tier, but the agent can do with none below this.
    Floor,
    /// The pressure calls for a cheaper tier, but its model rejects a field of the request.
    Rejected {
        /// The tier that it would have been.
        tier: Tier,
        /// The field.
        field: &'static str,
    },
}

impl fmt::Display for ChoiceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsAsked => f.write_str("as asked"),
            Self::Pressure { percent } => write!(f, "the fullest window is at {percent} %"),
            Self::NotCheaper { tier } => write!(f, "as asked: {tier} would cost more for this request"),
            Self::Conversation => f.write_str("as asked: a conversation stays with its model"),
            Self::Floor => f.write_str("as asked: the agent can do with no weaker tier"),
            Self::Rejected { tier, field } => {
                write!(f, "as asked: the model behind {tier} rejects `{field}`")
            }
        }
    }
}

/// A tier, and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The tier.
    pub tier: Tier,
    /// Why.
    pub reason: ChoiceReason,
}

/// Whether a request may be answered by another model than the one that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Its conversation begins with it.
    First,
    /// It goes on with one: the model before it has read the prompt into its cache, and thinking blocks
    /// are bound to it.
    Later,
}

/// Chooses the tier for a request.
///
/// `pressure` is the share of the fullest window, on what is settled, unknown, and expected of what
/// runs; in percent. `candidates` has the tier that was asked for and those that might take its place,
/// in any order.
pub fn choose(
    steps: PressureSteps,
    asked: Tier,
    floor: Option<Tier>,
    pressure: u64,
    turn: Turn,
    candidates: &[Candidate<'_>],
) -> Choice {
    let stay = |reason| Choice { tier: asked, reason };
    let reached = |percent: Option<u32>| percent.is_some_and(|percent| pressure >= u64::from(percent));
    let (cheapest, one_down) = (reached(steps.cheapest), reached(steps.one_down));
    if !cheapest && !one_down {
        return stay(ChoiceReason::AsAsked);
    }
    let lower: Vec<_> = Tier::ALL.into_iter().filter(|tier| *tier < asked).collect();
    let Some(next) = lower.last().copied() else { return stay(ChoiceReason::AsAsked) };
    if turn == Turn::Later {
        return stay(ChoiceReason::Conversation);
    }
    if floor.is_some_and(|floor| next < floor) {
        return stay(ChoiceReason::Floor);
    }
    let of = |tier: Tier| candidates.iter().find(|candidate| candidate.tier == tier);
    let Some(present) = of(asked).map(Candidate::expected_cost) else { return stay(ChoiceReason::AsAsked) };
    let wanted: Vec<_> = if cheapest { lower } else { vec![next] };
    let allowed = wanted.into_iter().filter(|tier| floor.is_none_or(|floor| *tier >= floor)).filter_map(of);
    let mut best: Option<(Nanodollars, Tier)> = None;
    let mut refused = ChoiceReason::NotCheaper { tier: next };
    for candidate in allowed {
        if let Some(field) = candidate.rejects {
            refused = ChoiceReason::Rejected { tier: candidate.tier, field };
            continue;
        }
        let cost = candidate.expected_cost();
        if cost < present && best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, candidate.tier));
        }
    }
    match best {
        Some((_, tier)) => Choice { tier, reason: ChoiceReason::Pressure { percent: pressure } },
        None => stay(refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PriceTable;

    struct Scene {
        table: PriceTable,
        input: u64,
        warm: [u64; 3],
        rejects: [Option<&'static str>; 3],
    }

    impl Scene {
        fn new(input: u64) -> Self {
            Self { table: PriceTable::built_in(), input, warm: [0; 3], rejects: [None; 3] }
        }

        fn choose(&self, asked: Tier, floor: Option<Tier>, pressure: u64, turn: Turn) -> Choice {
            let now: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
            let models = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"];
            let candidates: Vec<_> = Tier::ALL
                .into_iter()
                .enumerate()
                .map(|(at, tier)| Candidate {
                    tier,
                    row: self.table.row(models[at], None, now).expect("a price"),
                    input_tokens: self.input,
                    warm_tokens: self.warm[at],
                    written_for: None,
                    output_tokens: 2_000,
                    rejects: self.rejects[at],
                })
                .collect();
            choose(PressureSteps::USUAL, asked, floor, pressure, turn, &candidates)
        }
    }

    #[test]
    fn pressure_lowers_the_tier_step_by_step() {
        let scene = Scene::new(8_000);
        let tier = |asked, pressure| scene.choose(asked, None, pressure, Turn::First).tier;
        for (asked, at_79, at_80, at_90) in [
            (Tier::Opus, Tier::Opus, Tier::Sonnet, Tier::Haiku),
            (Tier::Sonnet, Tier::Sonnet, Tier::Haiku, Tier::Haiku),
            (Tier::Haiku, Tier::Haiku, Tier::Haiku, Tier::Haiku),
        ] {
            assert_eq!(tier(asked, 79), at_79);
            assert_eq!(tier(asked, 80), at_80);
            assert_eq!(tier(asked, 89), at_80);
            assert_eq!(tier(asked, 90), at_90);
        }
    }

    #[test]
    fn a_warm_cache_keeps_the_dearer_tier() {
        // 150,000 tokens, all but a hundred of them in Opus' cache: about $0.07 there, $0.32 cold on Sonnet.
        let mut scene = Scene::new(150_000);
        scene.warm[2] = 149_900;
        let choice = scene.choose(Tier::Opus, None, 80, Turn::First);
        let not_cheaper = ChoiceReason::NotCheaper { tier: Tier::Sonnet };
        assert_eq!(choice, Choice { tier: Tier::Opus, reason: not_cheaper });
        // Haiku's long prompts are dearer than Opus' cache too; its short ones are not.
        assert_eq!(scene.choose(Tier::Opus, None, 90, Turn::First).tier, Tier::Opus);
        let mut short = Scene::new(50_000);
        short.warm[2] = 49_900;
        assert_eq!(short.choose(Tier::Opus, None, 90, Turn::First).tier, Tier::Haiku);
    }

    #[test]
    fn a_conversation_a_floor_and_a_rejected_field_keep_the_tier() {
        let mut scene = Scene::new(8_000);
        let reason = |scene: &Scene, floor, turn| scene.choose(Tier::Opus, floor, 95, turn).reason;
        assert_eq!(reason(&scene, None, Turn::Later), ChoiceReason::Conversation);
        assert_eq!(reason(&scene, Some(Tier::Opus), Turn::First), ChoiceReason::Floor);
        // A floor of Sonnet still lets Opus down to it.
        assert_eq!(scene.choose(Tier::Opus, Some(Tier::Sonnet), 95, Turn::First).tier, Tier::Sonnet);
        scene.rejects = [Some("tool_choice"), Some("tool_choice"), None];
        assert!(matches!(reason(&scene, None, Turn::First), ChoiceReason::Rejected { .. }));
        scene.rejects = [Some("output_config.effort"), None, None];
        assert_eq!(scene.choose(Tier::Opus, None, 95, Turn::First).tier, Tier::Sonnet);
    }

    #[test]
    fn never_dearer_and_never_below_the_floor() {
        let scene = Scene::new(8_000);
        for asked in Tier::ALL {
            for floor in Tier::ALL.into_iter().filter(|floor| *floor <= asked) {
                for pressure in [0, 79, 80, 85, 90, 100, 250] {
                    let given = scene.choose(asked, Some(floor), pressure, Turn::First).tier;
                    assert!(given >= floor && given <= asked);
                }
            }
        }
    }
}
