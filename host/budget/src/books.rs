//! The books of what counts now: for each scope whose limits are judged, the minutes of the rolling hour,
//! the day and the month.
//!
//! They hold what a grant and a threshold are judged by, so that neither sums up anything. Whoever keeps
//! them adds every movement of money, by the time of its hold; the books let go of what has left.

use crate::admission::{LimitName, Standing};
use crate::calendar::{Calendar, Places};
use crate::moved::Moved;
use crate::window::{Amounts, WindowKind, WindowLimits, WindowSpan, Windows};
use anvil_types::{Nanodollars, Scope, Timestamp, UpstreamKind};
use std::collections::{BTreeMap, VecDeque};

/// What counts in the windows of one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    minutes: VecDeque<(Timestamp, Amounts)>,
    hour: Amounts,
    day: Amounts,
    month: Amounts,
}

impl Tally {
    /// A tally of what is known: the minutes that count, the oldest first, the day and the month.
    pub fn new(
        minutes: impl IntoIterator<Item = (Timestamp, Amounts)>,
        day: Amounts,
        month: Amounts,
    ) -> Self {
        let minutes: VecDeque<_> = minutes.into_iter().collect();
        let mut hour = Amounts::default();
        for (_, amounts) in &minutes {
            hour += *amounts;
        }
        Self { minutes, hour, day, month }
    }

    /// What counts in a window.
    pub fn amounts(&self, kind: WindowKind) -> Amounts {
        match kind {
            WindowKind::Hour => self.hour,
            WindowKind::Day => self.day,
            WindowKind::Month => self.month,
        }
    }

    /// When the oldest minute with anything spent stops counting.
    pub fn next_leaves(&self) -> Option<Timestamp> {
        let spent = |(_, amounts): &&(Timestamp, Amounts)| amounts.spent() > Nanodollars::ZERO;
        self.minutes.iter().find(spent).map(|(bucket, _)| Windows::bucket_leaves(*bucket))
    }

    fn add(&mut self, places: Places, present: &Present, moved: Moved) {
        if places.minute >= present.first_minute {
            let place = self.minutes.partition_point(|(bucket, _)| *bucket < places.minute);
            if self.minutes.get(place).is_none_or(|(bucket, _)| *bucket != places.minute) {
                self.minutes.insert(place, (places.minute, Amounts::default()));
            }
            self.minutes[place].1 += moved;
            self.hour += moved;
        }
        if places.day == present.day.start {
            self.day += moved;
        }
        if places.month == present.month.start {
            self.month += moved;
        }
    }

    fn drop_minutes_before(&mut self, first: Timestamp) {
        while let Some((bucket, gone)) = self.minutes.front().copied()
            && bucket < first
        {
            self.hour.settled -= gone.settled;
            self.hour.unknown -= gone.unknown;
            self.hour.held -= gone.held;
            self.minutes.pop_front();
        }
    }

    /// For each moment at which something leaves the window, how much.
    fn leaves(&self, kind: WindowKind, present: &Present) -> Vec<(Timestamp, Nanodollars)> {
        match kind {
            WindowKind::Hour => self
                .minutes
                .iter()
                .filter(|(_, amounts)| amounts.spent() > Nanodollars::ZERO)
                .map(|(bucket, amounts)| (Windows::bucket_leaves(*bucket), amounts.spent()))
                .collect(),
            WindowKind::Day => vec![(present.day.end, self.day.spent())],
            WindowKind::Month => vec![(present.month.end, self.month.spent())],
        }
    }
}

/// The instances that count now.
#[derive(Clone, Copy, Debug)]
struct Present {
    first_minute: Timestamp,
    day: WindowSpan,
    month: WindowSpan,
}

/// The books.
#[derive(Clone, Debug)]
pub struct Books {
    present: Present,
    tallies: BTreeMap<(UpstreamKind, Scope), Tally>,
}

impl Default for Books {
    fn default() -> Self {
        let nothing = WindowSpan { start: Timestamp::default(), end: Timestamp::default() };
        Self {
            present: Present { first_minute: Timestamp::default(), day: nothing, month: nothing },
            tallies: BTreeMap::new(),
        }
    }
}

impl Books {
    /// Brings the books to `now`, which is never earlier than before: what has left is let go.
    pub fn roll(&mut self, calendar: &mut Calendar, now: Timestamp) {
        let first_minute = Windows::first_bucket(now);
        let (day, month) = (calendar.day(now), calendar.month(now));
        if first_minute == self.present.first_minute && day == self.present.day && month == self.present.month
        {
            return;
        }
        for tally in self.tallies.values_mut() {
            tally.drop_minutes_before(first_minute);
            if day != self.present.day {
                tally.day = Amounts::default();
            }
            if month != self.present.month {
                tally.month = Amounts::default();
            }
        }
        self.present = Present { first_minute, day, month };
    }

    /// Opens the page of a scope with what it has spent so far, as of the time of the last
    /// [`Books::roll`].
    pub fn open(&mut self, upstream: UpstreamKind, scope: Scope, tally: Tally) {
        self.tallies.insert((upstream, scope), tally);
    }

    /// The page of a scope, where it is open.
    pub fn tally(&self, upstream: UpstreamKind, scope: &Scope) -> Option<&Tally> {
        self.tallies.get(&(upstream, scope.clone()))
    }

    /// Closes all pages: what was written there may not have happened.
    pub fn close(&mut self) {
        self.tallies.clear();
    }

    /// Adds a movement of money to the pages that are open, by the time of its hold.
    pub fn add(&mut self, upstream: UpstreamKind, scopes: &[Scope], places: Places, moved: Moved) {
        for scope in scopes {
            if let Some(tally) = self.tallies.get_mut(&(upstream, scope.clone())) {
                tally.add(places, &self.present, moved);
            }
        }
    }

    /// What a grant is judged by: each window of the scope that has a limit. A scope whose page is not
    /// open has spent nothing.
    pub fn standings(
        &self,
        upstream: UpstreamKind,
        scope: &Scope,
        limits: &WindowLimits,
        standings: &mut Vec<Standing>,
    ) {
        let nothing = Tally::default();
        let tally = self.tally(upstream, scope).unwrap_or(&nothing);
        standings.extend(limits.iter().map(|(window, limit)| Standing {
            limit_name: LimitName::Window { scope: scope.clone(), window },
            limit,
            amounts: tally.amounts(window),
            leaves: tally.leaves(window, &self.present),
        }));
    }

    /// When the window of a scope begins anew; the rolling hour, when its oldest spent minute leaves.
    pub fn resets_at(&self, upstream: UpstreamKind, scope: &Scope, kind: WindowKind) -> Option<Timestamp> {
        match kind {
            WindowKind::Hour => self.tally(upstream, scope).and_then(Tally::next_leaves),
            WindowKind::Day => Some(self.present.day.end),
            WindowKind::Month => Some(self.present.month.end),
        }
    }
}
