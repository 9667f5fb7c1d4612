//! Whether a call goes out before its turn, so that what its prompt begins with is read from its model's cache once more
//! before it is gone from there.
//!
//! Held back for longer it would be written anew, which costs more money of the same windows. What it costs the others is
//! time: of each priority by itself, and never more than [`WARM_FIRST`] for any of them.

use crate::prompt_cache::warm::WarmPrompt;
use crate::urgency::WARM_FIRST;
use anvil_types::{Nanodollars, Priority, Timestamp};
use std::fmt;
use std::time::Duration;

/// A call that could go out now, before its turn.
#[derive(Clone, Copy, Debug)]
pub struct EarlyCall {
    /// What of its prompt is in its model's cache.
    pub warm: WarmPrompt,
    /// How urgent it is.
    pub priority: Priority,
    /// When its turn is.
    pub turn: Timestamp,
    /// How much later the others go for it.
    pub takes: Duration,
    /// How much later whoever comes goes for what has gone out early already.
    pub owed: Duration,
}

/// A call whose turn is before that of one that would go out now.
#[derive(Clone, Copy, Debug)]
pub struct PassedCall {
    /// What of its prompt is in its model's cache, where something is.
    pub warm: Option<WarmPrompt>,
    /// How urgent it is.
    pub priority: Priority,
    /// When its turn is.
    pub turn: Timestamp,
    /// How much later it goes already for those that went before it.
    pub held_up: Duration,
}

/// Why a call went out before its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WentEarly {
    /// When its turn was.
    pub turn: Timestamp,
    /// From when on its prompt would have been gone from its model's cache.
    pub until: Timestamp,
    /// What that saves, less what those that it passed may lose.
    pub saves: Nanodollars,
}

/// Weighs whether a call goes out now, before those whose turns are earlier: where what its prompt begins with would be gone
/// by its own turn, and what that costs is more than those that it passes lose whose own would be gone by theirs. It
/// passes nobody of another priority, and nobody whom that would hold up by more than [`WARM_FIRST`] in all, those that
/// come later included.
pub fn goes_early(
    call: &EarlyCall,
    passed: impl IntoIterator<Item = PassedCall>,
    now: Timestamp,
) -> Option<WentEarly> {
    let EarlyCall { warm, priority, turn, takes, owed } = *call;
    if !warm.is_lost(now, turn) || owed.saturating_add(takes) > WARM_FIRST {
        return None;
    }
    let mut lost = Nanodollars::ZERO;
    for other in passed {
        if other.priority != priority || other.held_up.saturating_add(takes) > WARM_FIRST {
            return None;
        }
        let goes_cold = other.warm.filter(|warm| warm.is_lost(other.turn, other.turn + takes));
        lost += goes_cold.map_or(Nanodollars::ZERO, |warm| warm.miss);
    }
    (warm.miss > lost).then(|| WentEarly { turn, until: warm.until, saves: warm.miss.less(lost) })
}

impl fmt::Display for WentEarly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { turn, until, saves } = self;
        write!(
            f,
            "its prompt would have left its model's cache at {until}, before its turn at {turn}; about {saves} saved"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Warm for so many seconds more, for so many nano-dollars.
    fn warm(until: u64, miss: i64) -> WarmPrompt {
        let kept = Duration::from_mins(5);
        WarmPrompt { beginning: [7; 32], until: NOW + seconds(until), kept, miss: Nanodollars::new(miss) }
    }

    fn call(warm: WarmPrompt, turn: u64, takes: u64) -> EarlyCall {
        let (turn, takes) = (NOW + seconds(turn), seconds(takes));
        EarlyCall { warm, priority: Priority::Normal, turn, takes, owed: Duration::ZERO }
    }

    fn passed(turn: u64, warm: Option<WarmPrompt>) -> PassedCall {
        let turn = NOW + seconds(turn);
        PassedCall { warm, priority: Priority::Normal, turn, held_up: Duration::ZERO }
    }

    #[test]
    fn who_would_find_its_prompt_gone_goes_first_and_says_why() {
        let told = goes_early(&call(warm(60, 12_300_000), 90, 4), [passed(0, None), passed(10, None)], NOW);
        let told = told.expect("it goes");
        assert_eq!(
            told.to_string(),
            "its prompt would have left its model's cache at 2026-11-18T11:07:40Z, before its turn at \
             2026-11-18T11:08:10Z; about $0.0123 saved"
        );
    }

    #[test]
    fn it_waits_where_nothing_would_be_lost_by_it() {
        assert_eq!(goes_early(&call(warm(90, 5), 89, 1), [], NOW), None, "its turn is in time");
        assert_eq!(goes_early(&call(warm(0, 5), 90, 1), [], NOW), None, "it is gone already");
        assert_eq!(goes_early(&call(warm(60, 0), 90, 1), [], NOW), None, "a miss costs nothing");
    }

    #[test]
    fn it_passes_nobody_who_would_lose_as_much() {
        // The other's prompt is gone four seconds after its turn, or five.
        let other = |until, miss| passed(10, Some(warm(until, miss)));
        let goes =
            |other| goes_early(&call(warm(60, 10), 90, 4), [other], NOW).map(|early| early.saves.get());
        assert_eq!(goes(other(14, 10)), None);
        assert_eq!(goes(other(14, 9)), Some(1));
        assert_eq!(goes(other(15, 10)), Some(10), "it is still there at its turn");
        assert_eq!(goes(other(10, 10)), Some(10), "it would be gone either way");
    }

    #[test]
    fn it_passes_nobody_of_another_priority_and_nobody_for_more_than_half_a_minute() {
        let early = |other, takes| goes_early(&call(warm(60, 10), 90, takes), [other], NOW);
        let normal = passed(0, None);
        assert!(early(normal, 30).is_some());
        assert!(early(normal, 31).is_none());
        assert!(early(PassedCall { held_up: seconds(20), ..normal }, 11).is_none());
        assert!(early(PassedCall { held_up: seconds(20), ..normal }, 10).is_some());
        for priority in [Priority::Critical, Priority::High, Priority::Low] {
            assert!(early(PassedCall { priority, ..normal }, 1).is_none(), "{priority}");
        }
        let owed = EarlyCall { owed: seconds(29), ..call(warm(60, 10), 90, 2) };
        assert!(goes_early(&owed, [], NOW).is_none(), "who comes later counts too");
    }

    fn any_warm() -> impl Strategy<Value = WarmPrompt> {
        (0..400_u64, 0..1_000_i64).prop_map(|(until, miss)| warm(until, miss))
    }

    fn any_passed() -> impl Strategy<Value = PassedCall> {
        let held_up = (0..31_000_u64).prop_map(Duration::from_millis);
        let priority = prop_oneof![9 => Just(Priority::Normal), 1 => Just(Priority::Low)];
        (proptest::option::of(any_warm()), 0..400_u64, held_up, priority).prop_map(
            |(warm, turn, held_up, priority)| PassedCall { priority, held_up, ..passed(turn, warm) },
        )
    }

    proptest! {
        #[test]
        fn whoever_goes_early_saves_more_than_others_lose_and_holds_nobody_up_for_long(
            (own, turn, takes, owed) in (any_warm(), 0..400_u64, 0..40_000_u64, 0..40_000_u64),
            others in proptest::collection::vec(any_passed(), 0..6),
        ) {
            let takes = Duration::from_millis(takes);
            let call = EarlyCall { takes, owed: Duration::from_millis(owed), ..call(own, turn, 0) };
            let told = goes_early(&call, others.iter().copied(), NOW);
            // What the others find in the cache at their turns, with this one before them or not.
            let reads = |later: Duration| {
                let found = others.iter().filter_map(|other| other.warm.filter(|warm| other.turn + later < warm.until));
                found.map(|warm| warm.miss.get()).sum::<i64>()
            };
            let saves = own.miss.get() - (reads(Duration::ZERO) - reads(takes));
            let fits = others.iter().all(|other| {
                other.priority == Priority::Normal && other.held_up + takes <= WARM_FIRST
            });
            let fades = NOW < own.until && own.until <= call.turn;
            let goes = fades && fits && call.owed + takes <= WARM_FIRST && saves > 0;
            prop_assert_eq!(told.map(|early| early.saves.get()), goes.then_some(saves));
        }
    }
}
