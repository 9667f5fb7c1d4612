//! What is right, told in another way: for the tests of the law, here and through a store.
//!
//! It shares nothing with the account that it judges: days and months are civil dates on the wall, the
//! hour is a plain sum of minutes, and what has been told is a set.

use crate::moved::Moved;
use crate::window::{Amounts, WindowKind};
use anvil_types::{AlertWindow, Nanodollars, Scope, Timestamp};
use jiff::tz::TimeZone;
use jiff::{Span, ZonedDateTime};
use std::collections::{BTreeMap, BTreeSet};

const THRESHOLDS: [i128; 3] = [50, 80, 95];
const MINUTE: i64 = 60_000_000;

/// The oracle of one upstream's money.
#[derive(Clone, Debug)]
pub struct Oracle {
    zone: TimeZone,
    minutes: BTreeMap<(Scope, i64), Amounts>,
    dates: BTreeMap<(Scope, String), Amounts>,
    weeks: BTreeMap<String, i64>,
    flight: Option<Timestamp>,
    told: BTreeSet<(Scope, AlertWindow, String, i128)>,
}

impl Oracle {
    /// An oracle that has seen nothing.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            minutes: BTreeMap::new(),
            dates: BTreeMap::new(),
            weeks: BTreeMap::new(),
            flight: None,
            told: BTreeSet::new(),
        }
    }

    /// Money moved, by the time of its hold.
    pub fn add(&mut self, scopes: &[Scope], held_at: Timestamp, moved: Moved) {
        let local = self.local(held_at);
        for scope in scopes {
            let minute = held_at.micros().div_euclid(MINUTE);
            *self.minutes.entry((scope.clone(), minute)).or_default() += moved;
            for date in [local.date().to_string(), month(&local)] {
                *self.dates.entry((scope.clone(), date)).or_default() += moved;
            }
        }
    }

    /// The first call goes out.
    pub fn flight_begins(&mut self, now: Timestamp) {
        self.flight = Some(now);
    }

    /// The last call that was in flight has ended.
    pub fn flight_ends(&mut self, end: Timestamp) {
        let Some(mut from) = self.flight.take() else { return };
        while from < end {
            let local = self.local(from);
            let until = next_monday(&local).min(end);
            *self.weeks.entry(monday(&local)).or_default() += until.micros() - from.micros();
            from = until;
        }
    }

    /// What counts in a window now.
    pub fn counts(&self, scope: &Scope, kind: WindowKind, now: Timestamp) -> Amounts {
        if kind == WindowKind::Hour {
            // A minute counts until its last instant is an hour old.
            let minute = now.micros().div_euclid(MINUTE);
            let counting = (scope.clone(), minute - 60)..=(scope.clone(), minute);
            let mut sum = Amounts::default();
            for (_, amounts) in self.minutes.range(counting) {
                sum += *amounts;
            }
            return sum;
        }
        let local = self.local(now);
        let date = if kind == WindowKind::Day { local.date().to_string() } else { month(&local) };
        self.dates.get(&(scope.clone(), date)).copied().unwrap_or_default()
    }

    /// Microseconds of use in this week.
    pub fn week(&self, now: Timestamp) -> i64 {
        let mut used = self.clone_flight();
        used.weeks.clone_from(&self.weeks);
        used.flight_ends(now);
        used.weeks.get(&monday(&self.local(now))).copied().unwrap_or_default()
    }

    fn clone_flight(&self) -> Self {
        Self { flight: self.flight, ..Self::new(self.zone.clone()) }
    }

    /// What is used of a window: nano-dollars spent, or microseconds.
    pub fn used(&self, scope: &Scope, window: AlertWindow, now: Timestamp) -> i64 {
        let kind = match window {
            AlertWindow::Hour => WindowKind::Hour,
            AlertWindow::Day => WindowKind::Day,
            AlertWindow::Month => WindowKind::Month,
            AlertWindow::Week => return self.week(now),
        };
        self.counts(scope, kind, now).spent().get()
    }

    /// The calendar instance of a window, named by its date.
    pub fn instance(&self, window: AlertWindow, now: Timestamp) -> String {
        let local = self.local(now);
        match window {
            AlertWindow::Hour => String::new(),
            AlertWindow::Day => local.date().to_string(),
            AlertWindow::Month => month(&local),
            AlertWindow::Week => monday(&local),
        }
    }

    /// A limit was looked at, and `fired` was told of it.
    ///
    /// # Panics
    /// Where a threshold was told twice, too early, or not at all.
    pub fn looked(
        &mut self,
        scope: &Scope,
        window: AlertWindow,
        limit: Option<i64>,
        fired: &[u8],
        now: Timestamp,
    ) {
        let instance = self.instance(window, now);
        let used = i128::from(self.used(scope, window, now));
        let reaches = |percent: i128| limit.is_some_and(|limit| used * 100 >= i128::from(limit) * percent);
        self.told.retain(|(of, one, start, percent)| {
            (of, *one) != (scope, window) || (*start == instance && reaches(*percent - 5))
        });
        assert!(fired.len() <= 1, "one look tells of {scope} {window:?} once: {fired:?}");
        for percent in fired.iter().map(|percent| i128::from(*percent)) {
            assert!(
                reaches(percent),
                "{percent} % of {scope} {window:?} is not reached: {used} of {limit:?}"
            );
            let told = (scope.clone(), window, instance.clone(), percent);
            assert!(!self.told.contains(&told), "{told:?} is told twice");
            for lower in THRESHOLDS.into_iter().filter(|lower| *lower <= percent) {
                self.told.insert((scope.clone(), window, instance.clone(), lower));
            }
        }
        for percent in THRESHOLDS.into_iter().filter(|percent| used > 0 && reaches(*percent)) {
            let told = (scope.clone(), window, instance.clone(), percent);
            assert!(self.told.contains(&told), "{told:?} is not told: {used} of {limit:?}");
        }
    }

    /// Whether 95 % of this day's limit are spent.
    pub fn day_is_full(&self, limit: Nanodollars, now: Timestamp) -> bool {
        let spent = self.counts(&Scope::All, WindowKind::Day, now).spent();
        i128::from(spent.get()) * 100 >= i128::from(limit.get()) * 95
    }

    fn local(&self, time: Timestamp) -> ZonedDateTime {
        time.to_jiff().to_zoned_datetime(self.zone.clone())
    }
}

fn month(local: &ZonedDateTime) -> String {
    format!("{}-{}", local.year(), local.month())
}

fn monday(local: &ZonedDateTime) -> String {
    let since = i64::from(local.weekday().to_monday_zero_offset());
    local.date().saturating_sub(Span::new().days(since)).to_string()
}

fn next_monday(local: &ZonedDateTime) -> Timestamp {
    let ahead = 7 - i64::from(local.weekday().to_monday_zero_offset());
    let date = local.date().saturating_add(Span::new().days(ahead));
    let start = date.to_zoned_datetime(local.time_zone().clone());
    start.map_or(Timestamp::from_micros(i64::MAX), |start| start.timestamp().into())
}
