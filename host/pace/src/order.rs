//! In which order calls wait.

use anvil_budget::Urgency;
use anvil_budget::urgency::MOST_OVERTAKING;
use anvil_types::{Priority, Timestamp};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

/// Where a call stands: by its urgency, since its job's arrival, then by the call's own arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePlace(Urgency, u64);

impl LinePlace {
    /// Of a call of a job that came at `since`, which came itself as the `arrival`th.
    pub fn new(priority: Priority, since: Timestamp, arrival: u64) -> Self {
        Self(Urgency::of(priority, since), arrival)
    }

    /// Whether it is a critical one.
    pub fn is_critical(self) -> bool {
        self.0.is_critical()
    }
}

/// Those who wait, in their order.
#[derive(Debug)]
pub struct WaitOrder<W> {
    waiting: BTreeMap<LinePlace, W>,
    // Critical calls that have overtaken others since one of the others had its turn.
    overtaking: u32,
}

impl<W> Default for WaitOrder<W> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), overtaking: 0 }
    }
}

impl<W> WaitOrder<W> {
    /// Somebody comes, or comes back.
    pub fn enter(&mut self, place: LinePlace, waiter: W) {
        self.waiting.insert(place, waiter);
    }

    /// Somebody's wait is over without a turn.
    pub fn leave(&mut self, place: LinePlace) -> Option<W> {
        self.waiting.remove(&place)
    }

    /// Somebody has their turn.
    pub fn go(&mut self, place: LinePlace) -> Option<W> {
        let waiter = self.waiting.remove(&place)?;
        let overtakes = place.is_critical() && self.waiting.keys().any(|other| !other.is_critical());
        self.overtaking = if overtakes { self.overtaking + 1 } else { 0 };
        Some(waiter)
    }

    /// Only those whom this keeps wait on.
    pub fn retain(&mut self, mut keeps: impl FnMut(&W) -> bool) {
        self.waiting.retain(|_, waiter| keeps(waiter));
    }

    /// Nobody waits any more.
    pub fn take_all(&mut self) -> impl Iterator<Item = W> + use<W> {
        std::mem::take(&mut self.waiting).into_values()
    }

    /// Who stands there.
    pub fn get(&self, place: LinePlace) -> Option<&W> {
        self.waiting.get(&place)
    }

    /// All of them, the most urgent first.
    pub fn iter(&self) -> impl Iterator<Item = (LinePlace, &W)> {
        self.waiting.iter().map(|(place, waiter)| (*place, waiter))
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whose turn it is: the most urgent, unless critical calls have overtaken others for too long.
    pub fn first(&self) -> Option<LinePlace> {
        let last_critical = LinePlace(Urgency::LAST_CRITICAL, u64::MAX);
        let others = || self.waiting.range((Excluded(last_critical), Unbounded));
        let turn = (self.overtaking >= MOST_OVERTAKING).then(|| others().next()).flatten();
        turn.or(self.waiting.iter().next()).map(|(place, _)| *place)
    }

    /// Who comes after this one, should it have to wait.
    pub fn after(&self, place: LinePlace) -> Option<LinePlace> {
        let first = self.first();
        // Where one of the others has its turn, the critical ones come after it.
        if first == Some(place) && !place.is_critical() {
            return self.waiting.keys().copied().find(|other| *other != place);
        }
        let mut rest = self.waiting.range((Excluded(place), Unbounded)).map(|(place, _)| *place);
        rest.find(|other| Some(*other) != first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_budget::urgency::STEP;

    fn at(priority: Priority, minute: u32) -> LinePlace {
        let since = Timestamp::from_micros(1_000_000_000_000) + STEP / 10 * minute;
        LinePlace::new(priority, since, u64::from(minute))
    }

    #[test]
    fn who_is_more_urgent_goes_first_and_age_makes_up_for_priority() {
        let mut order = WaitOrder::default();
        let places = [
            at(Priority::Low, 0),
            at(Priority::Normal, 15),
            at(Priority::Normal, 5),
            at(Priority::Critical, 40),
            at(Priority::High, 3),
        ];
        for (name, place) in places.into_iter().enumerate() {
            order.enter(place, name);
        }
        let mut went = Vec::new();
        while let Some(place) = order.first() {
            went.extend(order.go(place));
        }
        assert_eq!(went, [3, 4, 2, 0, 1]);
    }

    #[test]
    fn after_nine_that_overtook_one_of_the_others_has_its_turn() {
        let mut order = WaitOrder::default();
        order.enter(at(Priority::Normal, 0), "other");
        for minute in 0..12 {
            order.enter(at(Priority::Critical, minute), "critical");
        }
        let mut went = Vec::new();
        while let Some(place) = order.first() {
            went.extend(order.go(place));
        }
        assert_eq!(went.iter().position(|name| *name == "other"), Some(9));
    }

    #[test]
    fn behind_the_one_that_has_its_turn_come_the_critical_ones_first() {
        let mut order = WaitOrder { overtaking: MOST_OVERTAKING, ..WaitOrder::default() };
        let (other, later) = (at(Priority::Normal, 0), at(Priority::Normal, 1));
        let critical = at(Priority::Critical, 7);
        for place in [other, later, critical] {
            order.enter(place, ());
        }
        assert_eq!(order.first(), Some(other));
        assert_eq!((order.after(other), order.after(critical)), (Some(critical), Some(later)));
        assert_eq!(order.after(later), None);
    }
}
