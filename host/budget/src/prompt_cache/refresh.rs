//! Whether a prefix is read once more by a call that asks for nothing else, so that its model keeps it for what comes later.
//!
//! That costs a read, and buys five minutes more. What is kept for an hour is let go: of what comes again later than in an
//! hour nothing is known.

use crate::price::PriceRow;
use crate::prompt_cache::CacheTtl;
use crate::prompt_cache::caches::{AskedModel, Mark, PromptCaches, Warm};
use crate::prompt_cache::outline::{Beginning, Outline};
use anvil_types::{Nanodollars, Timestamp, Usage};
use std::time::Duration;

/// So long before it would be gone: a call takes its time to be read.
const BEFORE: Duration = Duration::from_secs(15);

/// What is to be done to keep what a prompt begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshStep {
    /// It is to be read once more, which probably costs this.
    Now(Nanodollars),
    /// It is to be looked at again then: it is kept until later, or another reads it just now.
    Later(Timestamp),
    /// Nothing: it is not there, or that does not pay.
    Never,
}

impl PromptCaches {
    /// When what a prompt so marked begins with is to be read once more, if it is: shortly before it is gone. None where it
    /// is not there, or is kept for an hour.
    pub fn refresh_at(
        &self,
        outline: &Outline,
        marks: &[Mark],
        model: &str,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let (beginning, warm) = self.warm(outline, model, now)?;
        let is_marked = marks.last().is_some_and(|mark| mark.place == beginning.place);
        (is_marked && warm.ttl == CacheTtl::FiveMinutes).then(|| warm.until - BEFORE)
    }

    /// What is to be done now to keep what a prompt so marked begins with, for this agent.
    ///
    /// What others keep counts for nothing: of a prompt that shares its beginning with others only what is its own would be
    /// lost where theirs is read once more.
    pub fn refresh(
        &self,
        who: &str,
        outline: &Outline,
        marks: &[Mark],
        asked: &AskedModel<'_>,
    ) -> RefreshStep {
        let AskedModel { row, tokens, now } = *asked;
        let due = self.refresh_at(outline, marks, &row.model, now);
        let (Some(due), Some((end, warm))) = (due, self.warm(outline, &row.model, now)) else {
            return RefreshStep::Never;
        };
        if due > now {
            return RefreshStep::Later(due);
        }
        if warm.is_asked() {
            return RefreshStep::Later(warm.until + BEFORE);
        }
        let cost = refresh_cost(row, warm.tokens, tokens);
        let own = warm.tokens.saturating_sub(self.stays(outline, end, &row.model, warm.until));
        let saves = row.missed(&Usage { cache_write_5m_tokens: tokens, ..Usage::default() }, own);
        let pays = self.habits.gaps(who, end.place).refresh_pays(warm.refreshes(), saves, cost);
        if pays { RefreshStep::Now(cost) } else { RefreshStep::Never }
    }

    /// A refresh of what a prompt so marked begins with goes out: nobody else refreshes it for the same time, whatever comes
    /// of that.
    pub fn refreshes(&mut self, outline: &Outline, marks: &[Mark], model: &str) {
        for mark in marks {
            let beginning = outline.longest_first().find(|one| one.place == mark.place);
            let known = beginning.and_then(|one| self.known.get_mut(&one.digest));
            if let Some(warm) = known.and_then(|known| known.warm.get_mut(model)) {
                warm.asked = Some(warm.until);
            }
        }
    }

    /// Tokens of the longest beginning before this end that is still in its model's cache then, or is being refreshed.
    fn stays(&self, outline: &Outline, end: &Beginning, model: &str, then: Timestamp) -> u64 {
        let shorter = outline.longest_first().skip_while(|one| one.place >= end.place);
        let warm = shorter.filter_map(|one| self.known.get(&one.digest)?.warm.get(model));
        let stays = warm.filter(|warm| warm.until > then || (warm.until == then && warm.is_asked()));
        stays.map(|warm| warm.tokens).next().unwrap_or(0)
    }
}

impl Warm {
    /// Whether a refresh of it has begun that was to keep it beyond the time until which it is there.
    fn is_asked(&self) -> bool {
        self.asked == Some(self.until)
    }

    /// How often it was kept for as long again since it was used last, by whomever.
    fn refreshes(&self) -> u32 {
        let ttl = self.ttl.duration();
        let kept = (self.until.since(self.used) + ttl / 2).as_secs() / ttl.as_secs();
        u32::try_from(kept.saturating_sub(1)).unwrap_or(u32::MAX)
    }
}

/// What a call costs that reads so many of so many tokens and has one for an answer.
fn refresh_cost(row: &PriceRow, read: u64, tokens: u64) -> Nanodollars {
    let input_tokens = tokens.saturating_sub(read);
    row.cost(&Usage { input_tokens, cache_read_tokens: read, output_tokens: 1, ..Usage::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PriceTable;
    use crate::prompt_cache::lineage::Whose;
    use crate::prompt_cache::outline::Place;

    const BEGIN: Timestamp = Timestamp::from_secs(1_795_442_712);
    const WHO: &str = "writer";

    fn row() -> PriceRow {
        PriceTable::built_in().row("claude-sonnet-5-5", None, BEGIN).expect("a price").clone()
    }

    /// A prompt of twenty thousand tokens that all begin with, and so many more of its own, which are kept too where it says so.
    struct Prompt {
        outline: Outline,
        marks: Vec<Mark>,
        tokens: u64,
    }

    fn prompt(number: u8, own: u64, is_kept: bool) -> Prompt {
        let outline = Outline::told(Some(([0; 32], 80_000)), &[([number; 32], 80_000 + 4 * own, 2)]);
        let places = [Some(Place::Stem), is_kept.then_some(Place::Turn(0))];
        let marks = places.into_iter().flatten().map(|place| Mark { place, ttl: CacheTtl::FiveMinutes });
        Prompt { outline, marks: marks.collect(), tokens: 20_000 + own }
    }

    struct Scene {
        caches: PromptCaches,
        row: PriceRow,
    }

    impl Scene {
        /// An agent whose prompts mostly come again after some minutes more than five, or fifteen.
        fn new() -> Self {
            let mut caches = PromptCaches::default();
            for place in [Place::Stem, Place::Turn(0)] {
                for seconds in [330, 330, 640, 640, 1_000, 1_000, 1_300, 1_300].repeat(4) {
                    caches.habits.note(WHO, place, Some(Duration::from_secs(seconds)));
                }
            }
            Self { caches, row: row() }
        }

        fn cached(prompt: &Prompt) -> u64 {
            if prompt.marks.len() == 2 { prompt.tokens } else { 20_000 }
        }

        fn uses(&mut self, prompt: &Prompt, now: Timestamp) {
            let cached = Self::cached(prompt);
            let input_tokens = prompt.tokens - cached;
            let usage = Usage { input_tokens, cache_write_5m_tokens: cached, ..Usage::default() };
            let whose = Whose { who: WHO, job: None };
            self.caches.learn(whose, &prompt.outline, &prompt.marks, &self.row.model, &usage, now);
        }

        fn step(&self, prompt: &Prompt, now: Timestamp) -> RefreshStep {
            let asked = AskedModel { row: &self.row, tokens: prompt.tokens, now };
            self.caches.refresh(WHO, &prompt.outline, &prompt.marks, &asked)
        }

        fn begins(&mut self, prompt: &Prompt) {
            self.caches.refreshes(&prompt.outline, &prompt.marks, &self.row.model);
        }

        fn ends(&mut self, prompt: &Prompt, now: Timestamp) {
            let usage = Usage { cache_read_tokens: Self::cached(prompt), ..Usage::default() };
            self.caches.refreshed(WHO, &prompt.outline, &prompt.marks, &self.row.model, &usage, now);
        }
    }

    fn after(seconds: u64) -> Timestamp {
        BEGIN + Duration::from_secs(seconds)
    }

    #[test]
    fn what_one_refresh_keeps_the_others_need_not_and_pay_for_what_is_their_own() {
        let mut scene = Scene::new();
        let [long, other, short] = [prompt(1, 8_000, true), prompt(2, 30_000, true), prompt(3, 100, true)];
        let plain = prompt(4, 50, false);
        for prompt in [&long, &other, &short, &plain] {
            scene.uses(prompt, BEGIN);
        }
        let all = [&long, &other, &short, &plain];
        assert!(all.iter().all(|prompt| scene.step(prompt, after(284)) == RefreshStep::Later(after(285))));
        assert!(all.iter().all(|prompt| matches!(scene.step(prompt, after(285)), RefreshStep::Now(_))));
        scene.begins(&long);
        let steps = |scene: &Scene| [&other, &short, &plain].map(|prompt| scene.step(prompt, after(285)));
        let under_way = steps(&scene);
        assert!(matches!(under_way[0], RefreshStep::Now(_)), "most of it is its own");
        assert_eq!(under_way[1], RefreshStep::Never, "its own hundred tokens are not worth a read of all");
        assert_eq!(under_way[2], RefreshStep::Later(after(315)), "it is being read");
        scene.ends(&long, after(286));
        assert_eq!(steps(&scene)[..2], under_way[..2]);
        assert_eq!(steps(&scene)[2], RefreshStep::Later(after(571)));
    }

    #[test]
    fn a_refresh_that_fails_is_not_made_again_by_the_next_that_shares_it() {
        let mut scene = Scene::new();
        let [one, next] = [prompt(1, 50, false), prompt(2, 60, false)];
        scene.uses(&one, BEGIN);
        scene.begins(&one);
        assert_eq!(scene.step(&next, after(290)), RefreshStep::Later(after(315)));
        assert_eq!(scene.step(&next, after(315)), RefreshStep::Never, "it is gone");
    }

    proptest::proptest! {
        /// Jobs that share a beginning, each of which asked at some time before the first is refreshed, with as much of its own.
        #[test]
        fn what_is_kept_is_refreshed_three_times_at_most_since_it_was_used_and_once_in_five_minutes(
            jobs in proptest::collection::vec((0..280_u64, 0..40_000_u64, proptest::bool::ANY), 1..8),
        ) {
            let mut scene = Scene::new();
            let mut prompts: Vec<_> = (1..).zip(&jobs).map(|(number, (at, own, is_kept))| {
                (*at, prompt(number, *own, *is_kept), Vec::new())
            }).collect();
            for seconds in 0..4_000 {
                for (at, prompt, refreshed) in &mut prompts {
                    if *at == seconds {
                        scene.uses(prompt, after(seconds));
                    } else if *at < seconds && matches!(scene.step(prompt, after(seconds)), RefreshStep::Now(_)) {
                        scene.begins(prompt);
                        scene.ends(prompt, after(seconds));
                        refreshed.push(seconds);
                    }
                }
            }
            let ends = |is_kept| prompts.iter().filter(move |(_, prompt, _)| (prompt.marks.len() == 2) == is_kept);
            // The shared beginning is the end of all that keep nothing of their own.
            let shared: Vec<u64> = ends(false).flat_map(|(_, _, refreshed)| refreshed.iter().copied()).collect();
            let own = ends(true).map(|(_, _, refreshed)| refreshed.clone());
            for mut times in own.chain([shared]) {
                times.sort_unstable();
                proptest::prop_assert!(times.len() <= 3, "{times:?}");
                proptest::prop_assert!(times.windows(2).all(|two| two[1] - two[0] >= 285), "{times:?}");
            }
        }
    }
}
