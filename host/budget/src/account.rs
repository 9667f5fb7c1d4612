//! The account: all that a grant, a threshold and the day's brake are judged by, and the one `evaluate`.
//!
//! Whoever keeps it (the store, in its transactions) opens the pages of the scopes that have a limit, adds
//! every movement of money, and carries out the changes that a look calls for. It decides; it writes
//! nothing.

use crate::admission::{Denial, Standing, decide};
use crate::books::{Books, Tally};
use crate::brake::{BrakeCause, BrakeChange, evaluate_day};
use crate::calendar::{Calendar, Places};
use crate::moved::Moved;
use crate::thresholds::{self, Share, Watch};
use crate::week::WeekUse;
use crate::window::{Amounts, WindowKind, WindowLimits, Windows};
use anvil_types::words::{ThresholdReached, Used};
use anvil_types::{AlertWindow, Crossing, Nanodollars, Scope, Timestamp, UpstreamKind};
use std::collections::BTreeMap;

/// Whose watch: an upstream's, a scope's, a window's.
pub type WatchKey = (UpstreamKind, Scope, AlertWindow);

/// What a look calls for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The brake's day cause engages or ends.
    Brake(BrakeChange),
    /// What has been told of a limit is another: to be kept over restarts.
    Watch {
        /// Whose.
        key: WatchKey,
        /// What has been told now.
        watch: Watch,
        /// Alerts of thresholds above this one have lost their cause.
        resolve_above: Option<u8>,
        /// What is to be told.
        fire: Option<ThresholdReached>,
    },
}

/// The account of a host.
#[derive(Clone, Debug)]
pub struct Account {
    /// Where windows begin and end.
    pub calendar: Calendar,
    /// What counts now, for the scopes that have a limit.
    pub books: Books,
    /// The limits: everything's, and those of agents and API keys.
    pub limits: BTreeMap<Scope, WindowLimits>,
    /// How many hours of use a week may have.
    pub week_hours: u32,
    /// Hours of use.
    pub weeks: BTreeMap<UpstreamKind, WeekUse>,
    /// What people have been told.
    pub watches: BTreeMap<WatchKey, Watch>,
}

impl Account {
    /// An account without limits and with empty books; whoever makes it fills it.
    pub fn new(windows: Windows) -> Self {
        Self {
            calendar: Calendar::new(windows),
            books: Books::default(),
            limits: BTreeMap::new(),
            week_hours: 0,
            weeks: BTreeMap::new(),
            watches: BTreeMap::new(),
        }
    }

    /// Brings the books to `now`.
    pub fn roll(&mut self, now: Timestamp) {
        self.books.roll(&mut self.calendar, now);
    }

    /// The scopes that a call falls under and that have a limit: their pages must be open.
    pub fn limited(&self, scopes: &[Scope]) -> Vec<Scope> {
        scopes.iter().filter(|scope| self.limits.contains_key(scope)).cloned().collect()
    }

    /// Opens the page of a scope.
    pub fn open(&mut self, upstream: UpstreamKind, scope: Scope, tally: Tally) {
        self.books.open(upstream, scope, tally);
    }

    /// Rule 2: may this much more be held, by a call under these scopes and, where a job asks, its own
    /// limit?
    pub fn judge(
        &mut self,
        causes: Vec<BrakeCause>,
        upstream: UpstreamKind,
        scopes: &[Scope],
        job: Option<Standing>,
        amount: Nanodollars,
        now: Timestamp,
    ) -> Result<(), Denial> {
        self.roll(now);
        let week = self.calendar.week(now);
        let used = self.weeks.get(&upstream).copied().unwrap_or_default();
        let mut standings = Vec::with_capacity(8);
        for scope in scopes {
            if let Some(limits) = self.limits.get(scope) {
                self.books.standings(upstream, scope, limits, &mut standings);
            }
        }
        standings.extend(job);
        decide(causes, used.full_until(week, now, self.week_hours), &standings, amount)
    }

    /// Money moves, in the windows of the hold's time. Answers where.
    pub fn add(
        &mut self,
        upstream: UpstreamKind,
        scopes: &[Scope],
        held_at: Timestamp,
        moved: Moved,
    ) -> Places {
        let places = self.calendar.places(held_at);
        self.books.add(upstream, scopes, places, moved);
        places
    }

    /// The one look at the limits of these scopes of an upstream, with everything's among them: the day's
    /// brake, and every threshold. What it answers has happened for the account, and is for its keeper to
    /// carry out. `raised` is the cause that the day has now, `muted_for` the start of the day for which a
    /// person ended it.
    pub fn evaluate(
        &mut self,
        upstream: UpstreamKind,
        scopes: &[Scope],
        raised: Option<&BrakeCause>,
        muted_for: Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<Change> {
        self.roll(now);
        let mut changes = Vec::new();
        if scopes.contains(&Scope::All) {
            self.look_at_week(upstream, now, &mut changes);
            self.look_at_brake(upstream, raised, muted_for, now, &mut changes);
        }
        for scope in scopes {
            for kind in WindowKind::ALL {
                self.look_at(upstream, scope, kind, now, &mut changes);
            }
        }
        changes
    }

    fn look_at_brake(
        &mut self,
        upstream: UpstreamKind,
        raised: Option<&BrakeCause>,
        muted_for: Option<Timestamp>,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let Some(limit) = self.limits.get(&Scope::All).and_then(|limits| limits.day) else { return };
        let amounts = self.amounts(upstream, &Scope::All, WindowKind::Day);
        match evaluate_day(limit, amounts, self.calendar.day(now), raised, muted_for, now) {
            BrakeChange::Keep => {}
            change => changes.push(Change::Brake(change)),
        }
    }

    fn look_at(
        &mut self,
        upstream: UpstreamKind,
        scope: &Scope,
        kind: WindowKind,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let limit = self.limits.get(scope).and_then(|limits| limits.get(kind));
        let amounts = self.amounts(upstream, scope, kind);
        let share = limit.map(|limit| Share::of(amounts.spent(), limit));
        let instance = self.calendar.instance(kind, now);
        let used = Used::Money {
            spent: amounts.spent(),
            unknown: amounts.unknown,
            limit: limit.unwrap_or_default(),
        };
        let resets_at = self.books.resets_at(upstream, scope, kind);
        let key = (upstream, scope.clone(), kind.into());
        self.watch(key, instance, now, share, used, resets_at, changes);
    }

    fn look_at_week(&mut self, upstream: UpstreamKind, now: Timestamp, changes: &mut Vec<Change>) {
        let week = self.calendar.week(now);
        let hours = self.weeks.get(&upstream).copied().unwrap_or_default();
        let share = hours.share(week, now, self.week_hours);
        let used = Used::Hours { used: hours.used(week, now), limit: self.week_hours };
        let key = (upstream, Scope::All, AlertWindow::Week);
        self.watch(key, Some(week.start), now, Some(share), used, Some(week.end), changes);
    }

    #[expect(clippy::too_many_arguments, reason = "what a look at one limit is made of, from two places")]
    fn watch(
        &mut self,
        key: WatchKey,
        instance: Option<Timestamp>,
        now: Timestamp,
        share: Option<Share>,
        used: Used,
        resets_at: Option<Timestamp>,
        changes: &mut Vec<Change>,
    ) {
        let before = self.watches.get(&key).copied().unwrap_or_default();
        let Some(change) = thresholds::look(before, instance, Windows::bucket(now), share) else { return };
        let fire = change.fire.map(|percent| {
            let (_, scope, window) = &key;
            let windows = self.calendar.windows();
            let start = change.watch.start;
            ThresholdReached {
                crossing: Crossing { scope: scope.clone(), window: *window, start, percent },
                share: share.map_or(0, Share::percent),
                used,
                resets_at: resets_at.map(|at| windows.local(at)),
            }
        });
        self.watches.insert(key.clone(), change.watch);
        changes.push(Change::Watch { key, watch: change.watch, resolve_above: change.resolve_above, fire });
    }

    /// What counts in a window of a scope.
    pub fn amounts(&self, upstream: UpstreamKind, scope: &Scope, kind: WindowKind) -> Amounts {
        self.books.tally(upstream, scope).map_or_else(Amounts::default, |tally| tally.amounts(kind))
    }
}
