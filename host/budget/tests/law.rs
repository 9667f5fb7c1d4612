//! The law of money, by random sequences over months of simulated time: on the very functions that the
//! store's transactions call ([`Account`], [`Moved`], [`WeekUse`], [`job_standing`]), with a keeper around
//! them that does what the store does with its tables.
//!
//! What is right is told by an [`Oracle`] that shares nothing with the account.

use anvil_budget::oracle::Oracle;
use anvil_budget::random::Random;
use anvil_budget::{
    Account, Amounts, BrakeCause, BrakeChange, Change, Denial, LimitName, Moved, Tally, WeekUse, WindowKind,
    WindowLimits, Windows, job_standing,
};
use anvil_types::{AlertWindow, CallState, Crossing, Nanodollars, Scope, Timestamp, UpstreamKind};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Operations in all; `ANVIL_TEST_OPERATIONS` sets another number.
const OPERATIONS: u64 = 1_000_000;
/// Operations of a sequence.
const LENGTH: u64 = 20_000;

const SIMULATED: UpstreamKind = UpstreamKind::Simulated;

/// Zones with daylight saving to both sides, without, off the hour, and with midnights that do not exist;
/// each with a start near a month's end, a leap day, or a change of the clocks.
const PLACES: [(&str, &str); 8] = [
    ("Europe/Berlin", "2027-03-26T12:00:00Z"),
    ("America/New_York", "2026-10-29T04:00:00Z"),
    ("America/Sao_Paulo", "2018-11-01T12:00:00Z"),
    ("Asia/Kolkata", "2028-02-27T00:00:00Z"),
    ("Australia/Lord_Howe", "2027-04-01T00:00:00Z"),
    ("UTC", "2026-12-29T00:00:00Z"),
    ("Pacific/Apia", "2011-12-27T00:00:00Z"),
    ("Africa/Cairo", "2027-10-26T00:00:00Z"),
];

/// A job's own money.
#[derive(Clone, Copy, Default)]
struct Job {
    limit: Nanodollars,
    amounts: Amounts,
}

/// An entry of the ledger, with what it counts as now.
#[derive(Clone)]
struct Call {
    held_at: Timestamp,
    scopes: Vec<Scope>,
    job: usize,
    hold: Nanodollars,
    state: CallState,
    /// What it was settled at; never edited.
    cost: Nanodollars,
    /// What corrections add.
    corrected: Moved,
}

impl Call {
    fn counts_as(&self) -> Amounts {
        let mut now = Amounts::default();
        if self.state == CallState::Held {
            now += Moved::hold(self.hold);
        } else {
            now += Moved::end(Nanodollars::ZERO, self.state, self.cost);
            now += self.corrected;
        }
        now
    }
}

/// What was counted, for whoever reads the test's output.
#[derive(Debug, Default)]
struct Counts {
    operations: u64,
    granted: u64,
    waiting: u64,
    parked: u64,
    parked_for_the_week: u64,
    never: u64,
    braked: u64,
    settled: u64,
    above_the_hold: u64,
    unknown: u64,
    released: u64,
    crashes: u64,
    corrections: u64,
    limit_changes: u64,
    clock_steps: u64,
    alerts: u64,
    brakes: u64,
    months: u64,
}

type Sums = BTreeMap<(Scope, &'static str, Timestamp), Amounts>;

/// The keeper: what the store has in its tables, and the account that judges by them.
struct Keeper {
    now: Timestamp,
    account: Account,
    // The tables.
    ledger: Vec<Call>,
    open: Vec<usize>,
    jobs: Vec<Job>,
    sums: Sums,
    hours: BTreeMap<(Timestamp, Option<Scope>), Amounts>,
    week_use: BTreeMap<Timestamp, i64>,
    brake: Option<BrakeCause>,
    muted: Option<Timestamp>,
    oracle: Oracle,
    random: Random,
    counts: Counts,
}

fn agent(name: u64) -> Scope {
    Scope::Agent(format!("agent-{name}"))
}

fn key(name: u64) -> Scope {
    Scope::ApiKey(format!("key-{name}"))
}

impl Keeper {
    fn new(seed: u64) -> Self {
        let (zone, start) = PLACES[usize::try_from(seed % PLACES.len() as u64).expect("small")];
        let zone = TimeZone::get(zone).expect("the zone is built in");
        let mut account = Account::new(Windows::new(zone.clone()));
        account.limits.insert(Scope::All, limits(200, 500, 2_000));
        account.limits.insert(agent(0), WindowLimits { day: Some(Nanodollars::new(150)), ..limits_none() });
        account.week_hours = 40;
        Self {
            now: start.parse().expect("a time"),
            account,
            ledger: Vec::new(),
            open: Vec::new(),
            jobs: vec![Job { limit: Nanodollars::new(300), ..Job::default() }],
            sums: BTreeMap::new(),
            hours: BTreeMap::new(),
            week_use: BTreeMap::new(),
            brake: None,
            muted: None,
            oracle: Oracle::new(zone),
            random: Random::new(seed),
            counts: Counts::default(),
        }
    }

    /// What the store does before it judges: opens the pages of the scopes that have a limit.
    fn open_pages(&mut self, scopes: &[Scope]) {
        self.account.roll(self.now);
        for scope in scopes {
            if self.account.books.tally(SIMULATED, scope).is_some() {
                continue;
            }
            let places = self.account.calendar.places(self.now);
            let first = Windows::first_bucket(self.now);
            let from = (scope.clone(), "minute", first);
            let to = (scope.clone(), "minute", self.now);
            let minutes: Vec<_> =
                self.sums.range(from..=to).map(|((_, _, minute), amounts)| (*minute, *amounts)).collect();
            let sum = |period, start| self.sums.get(&(scope.clone(), period, start)).copied();
            let day = sum("day", places.day).unwrap_or_default();
            let month = sum("month", places.month).unwrap_or_default();
            self.account.open(SIMULATED, scope.clone(), Tally::new(minutes, day, month));
        }
    }

    fn add(&mut self, call: usize, moved: Moved) {
        let Call { held_at, scopes, job, .. } = self.ledger[call].clone();
        let places = self.account.add(SIMULATED, &scopes, held_at, moved);
        for scope in &scopes {
            for (period, start) in [
                ("minute", places.minute),
                ("day", places.day),
                ("month", places.month),
                ("total", Timestamp::default()),
            ] {
                *self.sums.entry((scope.clone(), period, start)).or_default() += moved;
            }
        }
        self.jobs[job].amounts += moved;
        let hour = Timestamp::from_micros(held_at.micros().div_euclid(3_600_000_000) * 3_600_000_000);
        let ended = Moved { held: Nanodollars::ZERO, ..moved };
        *self.hours.entry((hour, scopes.get(1).cloned())).or_default() += ended;
        self.oracle.add(&scopes, held_at, moved);
    }

    /// The one look, as the store carries it out.
    fn evaluate(&mut self, scopes: &[Scope]) {
        if self.brake.as_ref().is_some_and(|cause| cause.until.is_some_and(|until| until <= self.now)) {
            self.brake = None;
        }
        self.open_pages(scopes);
        let changes = self.account.evaluate(SIMULATED, scopes, self.brake.as_ref(), self.muted, self.now);
        let mut fired = Vec::new();
        for change in changes {
            match change {
                Change::Brake(BrakeChange::Engage(cause)) => {
                    assert!(self.brake.is_none(), "the brake engages once");
                    self.counts.brakes += 1;
                    self.brake = Some(cause);
                }
                Change::Brake(_) => self.brake = None,
                Change::Watch { fire, .. } => fired.extend(fire.map(|reached| reached.crossing)),
            }
        }
        self.check_told(scopes, &fired);
        self.check_brake();
    }

    /// Everything that has a limit.
    fn all_scopes(&self) -> Vec<Scope> {
        let told = self.account.watches.keys().map(|(_, scope, _)| scope.clone());
        self.account.limits.keys().cloned().chain(told).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Each threshold is told once in its instance, and none is left out.
    fn check_told(&mut self, scopes: &[Scope], fired: &[Crossing]) {
        self.counts.alerts += fired.len() as u64;
        for scope in scopes {
            for window in [AlertWindow::Hour, AlertWindow::Day, AlertWindow::Month, AlertWindow::Week] {
                if window == AlertWindow::Week && *scope != Scope::All {
                    continue;
                }
                let fired: Vec<u8> = fired
                    .iter()
                    .filter(|crossing| crossing.scope == *scope && crossing.window == window)
                    .map(|crossing| crossing.percent)
                    .collect();
                let limit = self.limit(scope, window);
                self.oracle.looked(scope, window, limit, &fired, self.now);
            }
        }
    }

    /// How much a limit is: nano-dollars, or microseconds of use.
    fn limit(&self, scope: &Scope, window: AlertWindow) -> Option<i64> {
        let limits = self.account.limits.get(scope)?;
        let limit = match window {
            AlertWindow::Hour => limits.hour,
            AlertWindow::Day => limits.day,
            AlertWindow::Month => limits.month,
            AlertWindow::Week => return Some(i64::from(self.account.week_hours) * 3_600_000_000),
        };
        limit.map(Nanodollars::get)
    }

    fn check_brake(&self) {
        let day = self.account.limits[&Scope::All].day.expect("everything has one");
        let full = self.oracle.day_is_full(day, self.now);
        let today = self.account.calendar.windows().day(self.now).start;
        let muted = self.muted == Some(today);
        assert_eq!(self.brake.is_some(), full && !muted, "of {day}, muted: {muted}");
    }

    fn hold(&mut self) {
        let mut scopes = vec![Scope::All];
        match self.random.below(4) {
            0 => scopes.push(key(self.random.below(2))),
            name => scopes.push(agent(name - 1)),
        }
        let amount = self.random.nano(40);
        let job = self.jobs.len() - 1;
        // Nothing settles between the look and the grant: the store does both in one transaction.
        self.evaluate(&self.account.limited(&scopes));
        let limited = self.account.limited(&scopes);
        self.open_pages(&limited);
        let own = job_standing(self.jobs[job].limit, self.jobs[job].amounts);
        let causes = self.brake.iter().cloned().collect();
        let verdict = self.account.judge(causes, SIMULATED, &limited, Some(own), amount, self.now);
        let fits = limited.iter().all(|scope| {
            let limits = self.account.limits[scope];
            limits
                .iter()
                .all(|(kind, limit)| self.oracle.counts(scope, kind, self.now).committed() + amount <= limit)
        });
        let own_fits = self.jobs[job].amounts.committed() + amount <= self.jobs[job].limit;
        match verdict {
            Ok(()) => {
                assert!(fits && own_fits, "{amount} is granted without room for it");
                assert!(self.brake.is_none(), "{amount} is granted against the brake");
                self.counts.granted += 1;
                let was_idle = self.open.is_empty();
                self.open.push(self.ledger.len());
                self.ledger.push(Call {
                    held_at: self.now,
                    scopes,
                    job,
                    hold: amount,
                    state: CallState::Held,
                    cost: Nanodollars::ZERO,
                    corrected: Moved::default(),
                });
                self.add(self.ledger.len() - 1, Moved::hold(amount));
                if was_idle {
                    self.oracle.flight_begins(self.now);
                    let account = &mut self.account;
                    account
                        .weeks
                        .entry(SIMULATED)
                        .or_default()
                        .flight_begins(&mut account.calendar, self.now);
                }
            }
            Err(Denial::WaitForHolds { limit }) => {
                assert!(!(fits && own_fits), "{limit} has room");
                assert!(!self.open.is_empty(), "{limit} waits for nothing");
                self.counts.waiting += 1;
            }
            Err(Denial::ParkUntil { limit: LimitName::Week, at }) => {
                let limit = self.limit(&Scope::All, AlertWindow::Week);
                assert!(Some(self.oracle.week(self.now)) >= limit && at > self.now);
                self.counts.parked_for_the_week += 1;
            }
            Err(Denial::ParkUntil { at, .. }) => {
                assert!(!(fits && own_fits) && at > self.now);
                self.counts.parked += 1;
            }
            Err(Denial::Never { limit, .. }) => {
                assert!(!(fits && own_fits));
                self.counts.never += 1;
                if limit == LimitName::Job {
                    // The next job has money of its own.
                    let limit = self.random.nano(600);
                    self.jobs.push(Job { limit, ..Job::default() });
                }
            }
            Err(Denial::Braked(_)) => {
                assert!(self.brake.is_some());
                self.counts.braked += 1;
            }
        }
    }

    fn end(&mut self, which: usize, state: CallState, cost: Nanodollars, at: Timestamp) {
        let call = self.open.swap_remove(which);
        let hold = self.ledger[call].hold;
        self.ledger[call].state = state;
        self.ledger[call].cost = if state == CallState::Released { Nanodollars::ZERO } else { cost };
        self.add(call, Moved::end(hold, state, cost));
        if self.open.is_empty() {
            self.oracle.flight_ends(at);
            let account = &mut self.account;
            let week = account.weeks.entry(SIMULATED).or_default();
            for (week, micros) in week.flight_ends(&mut account.calendar, at) {
                *self.week_use.entry(week).or_default() += micros;
            }
        }
        let scopes = self.account.limited(&self.ledger[call].scopes);
        self.evaluate(&scopes);
    }

    fn settle(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let which = usize::try_from(self.random.below(self.open.len() as u64)).expect("small");
        let hold = self.ledger[self.open[which]].hold;
        let percent = u32::try_from(self.random.below(101)).expect("small");
        let (state, cost) = match self.random.below(40) {
            0..4 => (CallState::Released, Nanodollars::ZERO),
            4..8 => (CallState::Unknown, hold),
            8..12 => (CallState::Settled, hold),
            // A bug in the bound: counted all the same.
            12 => (CallState::Settled, hold + self.random.nano(30)),
            _ => (CallState::Settled, hold.percent(percent)),
        };
        match state {
            CallState::Released => self.counts.released += 1,
            CallState::Unknown => self.counts.unknown += 1,
            _ => self.counts.settled += 1,
        }
        self.counts.above_the_hold += u64::from(cost > hold);
        self.end(which, state, cost, self.now);
    }

    /// The host is gone and comes back: what is known by heart is read from the tables, and every hold may
    /// have been billed.
    fn crash(&mut self) {
        self.counts.crashes += 1;
        let last = self.now;
        self.now = self.now + Duration::from_secs(self.random.below(600));
        let mut account = Account::new(self.account.calendar.windows().clone());
        account.limits.clone_from(&self.account.limits);
        account.week_hours = self.account.week_hours;
        account.watches.clone_from(&self.account.watches);
        let (start, past) =
            self.week_use.last_key_value().map(|(start, past)| (*start, *past)).unwrap_or_default();
        let flight = self.account.weeks.get(&SIMULATED).and_then(|week| week.flight);
        account.weeks.insert(SIMULATED, WeekUse { start, past, flight });
        self.account = account;
        // As the store does: no look until all of them are swept.
        while let Some(call) = self.open.pop() {
            self.counts.unknown += 1;
            let hold = self.ledger[call].hold;
            self.ledger[call].state = CallState::Unknown;
            self.ledger[call].cost = hold;
            self.add(call, Moved::end(hold, CallState::Unknown, hold));
        }
        self.oracle.flight_ends(last);
        let account = &mut self.account;
        let week = account.weeks.entry(SIMULATED).or_default();
        for (week, micros) in week.flight_ends(&mut account.calendar, last) {
            *self.week_use.entry(week).or_default() += micros;
        }
        self.evaluate(&self.all_scopes());
    }

    fn correct(&mut self) {
        if self.ledger.is_empty() {
            return;
        }
        // Mostly of late, since those count.
        let back = if self.random.below(4) == 0 { self.ledger.len() as u64 } else { 30 };
        let back = self.random.below(back.min(self.ledger.len() as u64));
        let call = self.ledger.len() - 1 - usize::try_from(back).expect("small");
        if self.ledger[call].state == CallState::Held {
            return;
        }
        self.counts.corrections += 1;
        let truth = self.random.nano(80);
        let moved = Moved::correction(self.ledger[call].counts_as(), truth);
        self.ledger[call].corrected.settled += moved.settled;
        self.ledger[call].corrected.unknown += moved.unknown;
        self.add(call, moved);
        let now = self.ledger[call].counts_as();
        assert_eq!((now.settled, now.unknown), (truth, Nanodollars::ZERO));
        let scopes = self.account.limited(&self.ledger[call].scopes);
        self.evaluate(&scopes);
    }

    fn change_limits(&mut self) {
        self.counts.limit_changes += 1;
        let scope = match self.random.below(6) {
            0..3 => Scope::All,
            3 => key(self.random.below(2)),
            name => agent(name - 4),
        };
        let (window, most) = match self.random.below(3) {
            0 => (WindowKind::Hour, 400),
            1 => (WindowKind::Day, 1_000),
            _ => (WindowKind::Month, 6_000),
        };
        let limit = self.random.nano(most);
        let limit = (scope == Scope::All || self.random.below(3) > 0).then_some(limit);
        let limits = self.account.limits.entry(scope.clone()).or_default();
        limits.set(window, limit);
        if limits.is_empty() {
            self.account.limits.remove(&scope);
        }
        if self.random.below(8) == 0 {
            self.account.week_hours = u32::try_from(self.random.below(100)).expect("small");
        }
        self.evaluate(&self.all_scopes());
    }

    /// Back to limits under which work goes on.
    fn reset_limits(&mut self) {
        self.counts.limit_changes += 1;
        self.account.limits.clear();
        self.account.limits.insert(Scope::All, limits(300, 900, 20_000));
        self.account
            .limits
            .insert(agent(0), WindowLimits { hour: Some(Nanodollars::new(150)), ..limits_none() });
        self.account
            .limits
            .insert(key(0), WindowLimits { month: Some(Nanodollars::new(900)), ..limits_none() });
        self.account.week_hours = 60;
        self.evaluate(&self.all_scopes());
    }

    fn step_clock(&mut self) {
        self.counts.clock_steps += 1;
        let seconds = match self.random.below(400) {
            0..2 => 7 * 86_400,
            2..8 => 86_400,
            8..30 => 20_000,
            30..130 => 600,
            _ => 60,
        };
        let before = self.oracle.instance(AlertWindow::Month, self.now);
        let micros = self.random.below(seconds * 1_000_000);
        self.now = self.now + Duration::from_micros(micros);
        self.counts.months += u64::from(self.oracle.instance(AlertWindow::Month, self.now) != before);
        // What the store does once a minute, sooner or later.
        if self.random.below(3) == 0 {
            self.evaluate(&self.all_scopes());
        }
    }

    fn end_brake(&mut self) {
        self.evaluate(&self.all_scopes());
        if self.brake.take().is_some() {
            self.muted = Some(self.account.calendar.day(self.now).start);
        }
        self.evaluate(&self.all_scopes());
    }

    /// Totals by every grouping agree to the nano-dollar.
    fn check_totals(&self) {
        let mut ledger: BTreeMap<Scope, Amounts> = BTreeMap::new();
        let mut jobs = vec![Amounts::default(); self.jobs.len()];
        for call in &self.ledger {
            for scope in &call.scopes {
                *ledger.entry(scope.clone()).or_default() += call.counts_as();
            }
            jobs[call.job] += call.counts_as();
        }
        for (scope, amounts) in &ledger {
            for period in ["minute", "day", "month", "total"] {
                let mut sum = Amounts::default();
                let of_it = (scope.clone(), period, Timestamp::default())..;
                for ((of, one, _), amounts) in self.sums.range(of_it) {
                    if (of, *one) != (scope, period) {
                        break;
                    }
                    sum += *amounts;
                }
                assert_eq!(sum, *amounts, "{scope} by {period}");
            }
        }
        let everything = ledger.get(&Scope::All).copied().unwrap_or_default();
        let (mut by_name, mut by_job, mut by_hour) =
            (Amounts::default(), Amounts::default(), Amounts::default());
        for (_, amounts) in ledger.iter().filter(|(scope, _)| **scope != Scope::All) {
            by_name += *amounts;
        }
        for (job, amounts) in self.jobs.iter().zip(jobs) {
            assert_eq!(job.amounts, amounts, "a job's own money");
            by_job += amounts;
        }
        for amounts in self.hours.values() {
            by_hour += *amounts;
        }
        assert_eq!(by_name, everything, "agents and keys");
        assert_eq!(by_job, everything, "jobs");
        assert_eq!(by_hour.spent(), everything.spent(), "hours");
        assert_eq!(by_hour.unknown, everything.unknown, "hours");
        let held: Nanodollars = self.open.iter().map(|call| self.ledger[*call].hold).sum();
        assert_eq!(everything.held, held, "what is held");
    }

    fn play(&mut self) {
        for operation in 0..LENGTH {
            self.counts.operations += 1;
            match self.random.below(100) {
                0..42 => self.hold(),
                42..78 => self.settle(),
                78..88 => self.step_clock(),
                88..92 => self.correct(),
                92..95 => self.change_limits(),
                95..97 => self.reset_limits(),
                97..99 => self.end_brake(),
                _ => self.crash(),
            }
            if operation % 2_500 == 0 {
                self.check_totals();
            }
        }
        // At rest nothing is held.
        while !self.open.is_empty() {
            let hold = self.ledger[self.open[0]].hold;
            self.end(0, CallState::Settled, hold, self.now);
        }
        self.check_totals();
        assert_eq!(self.sums[&(Scope::All, "total", Timestamp::default())].held, Nanodollars::ZERO);
        for kind in WindowKind::ALL {
            assert_eq!(self.oracle.counts(&Scope::All, kind, self.now).held, Nanodollars::ZERO);
        }
    }
}

fn limits_none() -> WindowLimits {
    WindowLimits::default()
}

fn limits(hour: i64, day: i64, month: i64) -> WindowLimits {
    WindowLimits {
        hour: Some(Nanodollars::new(hour)),
        day: Some(Nanodollars::new(day)),
        month: Some(Nanodollars::new(month)),
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        macro_rules! add {
            ($($field:ident)*) => { $(self.$field += other.$field;)* };
        }
        add!(operations granted waiting parked parked_for_the_week never braked settled above_the_hold unknown
            released crashes corrections limit_changes clock_steps alerts brakes months);
    }
}

#[test]
fn no_sequence_breaks_the_law() {
    let operations =
        std::env::var("ANVIL_TEST_OPERATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(OPERATIONS);
    let began = Instant::now();
    let mut counts = Counts::default();
    for seed in 0..operations.div_ceil(LENGTH) {
        let mut keeper = Keeper::new(seed);
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| keeper.play()));
        if let Err(fault) = played {
            eprintln!("seed {seed}, at {} after {:?}", keeper.now, keeper.counts);
            std::panic::resume_unwind(fault);
        }
        counts.add(&keeper.counts);
    }
    println!("{counts:#?} in {:.1?}", began.elapsed());
    // Each answer and each change really happened, and not by the way.
    let often = operations / 2_000;
    for (what, times) in [
        ("granted", counts.granted),
        ("waiting", counts.waiting),
        ("parked", counts.parked),
        ("parked for the week", counts.parked_for_the_week),
        ("never", counts.never),
        ("braked", counts.braked),
        ("above the hold", counts.above_the_hold),
        ("unknown", counts.unknown),
        ("corrections", counts.corrections),
        ("crashes", counts.crashes),
        ("alerts", counts.alerts),
        ("brakes", counts.brakes),
        ("months", counts.months * 10),
    ] {
        assert!(times > often, "{what}: {times} of {operations}");
    }
}
