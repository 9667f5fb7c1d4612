//! A kind of jobs, checked.

use crate::chance::Chance;
use crate::error::PlanError;
use anvil_api::PlannedJobs;
use anvil_types::{Priority, Tier, Timestamp};
use std::time::Duration;

/// The most calls that are planned at once.
pub const MOST_CALLS: u64 = 2_000_000;
/// The most kinds of jobs.
pub const MOST_KINDS: usize = 20;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The kinds of these jobs, checked; a usual one where there is none.
pub(crate) fn kinds(jobs: &[PlannedJobs]) -> Result<Vec<Kind>, PlanError> {
    if jobs.len() > MOST_KINDS {
        return Err(PlanError::bad("jobs", format!("has to have {MOST_KINDS} kinds at most")));
    }
    let usual = [PlannedJobs::default()];
    let jobs = if jobs.is_empty() { &usual[..] } else { jobs };
    jobs.iter().enumerate().map(|(at, jobs)| Kind::of(jobs, at)).collect()
}

/// Refuses more calls in so many days than are planned in some seconds.
pub(crate) fn not_too_much(kinds: &[Kind], days: f64) -> Result<(), PlanError> {
    let calls: f64 = kinds.iter().map(|kind| kind.per_day * f64::from(kind.calls) * days).sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded, and not negative")]
    let calls = calls as u64;
    if calls > MOST_CALLS {
        return Err(PlanError::TooMuch { calls, most: MOST_CALLS });
    }
    Ok(())
}

/// Jobs of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub name: String,
    pub per_day: f64,
    /// In which hours of the day they come.
    pub hours: [bool; 24],
    /// On which days, from Monday.
    pub weekdays: [bool; 7],
    pub calls: u32,
    pub tier: Tier,
    pub floor: Option<Tier>,
    pub priority: Priority,
    pub input: f64,
    pub shared: u64,
    pub grows: u64,
    pub output: f64,
    pub max_output: Option<u64>,
    pub call_s: f64,
    pub first_byte_s: f64,
    pub work: Duration,
    pub varies: f64,
    pub bytes_per_token: Option<f64>,
}

/// One call, as chance drew it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawn {
    /// Input tokens of the whole prompt.
    pub input: u64,
    pub output: u64,
    /// From its way out until its answer begins, and until it ends.
    pub first_byte: Duration,
    pub whole: Duration,
}

impl Kind {
    pub(crate) fn of(jobs: &PlannedJobs, at: usize) -> Result<Self, PlanError> {
        let member = |name: &str| format!("jobs[{at}].{name}");
        let within = |name: &str, value: f64, least: f64, most: f64| {
            let fits = value.is_finite() && (least..=most).contains(&value);
            fits.then_some(value)
                .ok_or_else(|| PlanError::bad(member(name), format!("has to be {least} to {most}")))
        };
        if jobs.name.is_empty() || jobs.name.len() > 64 {
            return Err(PlanError::bad(member("name"), "has to have 1 to 64 bytes"));
        }
        let whole = |name, value: u32, least: u32, most: u32| {
            within(name, f64::from(value), f64::from(least), f64::from(most))
        };
        whole("calls", jobs.calls, 1, 200)?;
        let input = whole("input_tokens", jobs.input_tokens, 1, 1_000_000)?;
        let output = whole("output_tokens", jobs.output_tokens, 1, 128_000)?;
        whole("shared_tokens", jobs.shared_tokens, 0, jobs.input_tokens)?;
        whole("grows_tokens", jobs.grows_tokens, 0, 100_000)?;
        whole("varies", jobs.varies, 0, 90)?;
        if let Some(most) = jobs.max_output_tokens {
            whole("max_output_tokens", most, 1, 128_000)?;
        }
        if let Some(bytes) = jobs.bytes_per_token {
            within("bytes_per_token", bytes, 1.0, 12.0)?;
        }
        if jobs.floor.is_some_and(|floor| floor > jobs.tier) {
            return Err(PlanError::bad(member("floor"), "has to be the tier or a cheaper one"));
        }
        let call_s = within("call_s", jobs.call_s, 0.05, 3_600.0)?;
        let first_byte_s = within("first_byte_s", jobs.first_byte_s.unwrap_or(call_s / 5.0), 0.0, call_s)?;
        let work_s = within("work_s", jobs.work_s, 0.0, 86_400.0)?;
        Ok(Self {
            name: jobs.name.clone(),
            per_day: within("per_day", jobs.per_day, 0.0, 100_000.0)?,
            hours: hours(&jobs.hours).ok_or_else(|| {
                PlanError::bad(member("hours"), "has to be hours of the day such as 9-17 or 8-12,13-18")
            })?,
            weekdays: weekdays(&jobs.weekdays).ok_or_else(|| {
                PlanError::bad(member("weekdays"), "has to be days such as mon-fri or sat,sun")
            })?,
            calls: jobs.calls,
            tier: jobs.tier,
            floor: jobs.floor,
            priority: jobs.priority,
            input,
            shared: jobs.shared_tokens.into(),
            grows: jobs.grows_tokens.into(),
            output,
            max_output: jobs.max_output_tokens.map(u64::from),
            call_s,
            first_byte_s,
            work: Duration::from_secs_f64(work_s),
            varies: f64::from(jobs.varies) / 100.0,
            bytes_per_token: jobs.bytes_per_token,
        })
    }

    /// When jobs come on a day that begins then.
    pub(crate) fn day(&self, chance: &mut Chance, weekday: usize, midnight: Timestamp) -> Vec<Timestamp> {
        let hours = self.hours.iter().filter(|comes| **comes).count();
        if !self.weekdays[weekday] || hours == 0 {
            return Vec::new();
        }
        #[expect(clippy::cast_precision_loss, reason = "24 at most")]
        let each = self.per_day / hours as f64;
        let mut times = Vec::new();
        for (hour, _) in (0_u32..).zip(&self.hours).filter(|(_, comes)| **comes) {
            let from = midnight + Duration::from_hours(1) * hour;
            times.extend(chance.arrivals(each, from, from + Duration::from_hours(1)));
        }
        times
    }

    /// A job's call of this number, from 0.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a million at most, and not negative"
    )]
    pub(crate) fn draw(&self, chance: &mut Chance, number: u32) -> Drawn {
        let fixed = self.shared + self.grows * u64::from(number);
        #[expect(clippy::cast_precision_loss, reason = "a million at most")]
        let own = chance.around(self.input - self.shared as f64, self.varies);
        let first_byte = chance.around(self.first_byte_s, self.varies);
        let rest = chance.around(self.call_s - self.first_byte_s, self.varies);
        Drawn {
            input: (fixed + own.round() as u64).max(1),
            output: (chance.around(self.output, self.varies).round() as u64).max(1),
            first_byte: Duration::from_secs_f64(first_byte),
            whole: Duration::from_secs_f64(first_byte + rest),
        }
    }
}

fn hours(text: &str) -> Option<[bool; 24]> {
    let mut hours = [false; 24];
    for part in text.split(',') {
        let (from, to) = part.trim().split_once('-')?;
        let (from, to) = (from.trim().parse::<usize>().ok()?, to.trim().parse::<usize>().ok()?);
        hours.get_mut(from..to).filter(|part| !part.is_empty())?.fill(true);
    }
    Some(hours)
}

fn weekdays(text: &str) -> Option<[bool; 7]> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name.trim());
    let mut days = [false; 7];
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        days.get_mut(day(from)?..=day(to)?).filter(|part| !part.is_empty())?.fill(true);
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_days_are_read_and_nonsense_is_not() {
        let count = |text| hours(text).map(|hours| hours.iter().filter(|comes| **comes).count());
        assert_eq!([count("9-17"), count("8-12,13-18"), count("0-24")], [Some(8), Some(9), Some(24)]);
        for bad in ["", "9", "17-9", "9-9", "0-25", "9-17,", "nine-five"] {
            assert_eq!(count(bad), None, "{bad}");
        }
        let days = |text| weekdays(text).map(|days| days.map(u8::from));
        assert_eq!(days("mon-fri"), Some([1, 1, 1, 1, 1, 0, 0]));
        assert_eq!(days("mon,sat-sun"), Some([1, 0, 0, 0, 0, 1, 1]));
        for bad in ["", "fri-mon", "monday", "mon-"] {
            assert_eq!(days(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let bad = |change: fn(&mut PlannedJobs)| {
            let mut jobs = PlannedJobs::default();
            change(&mut jobs);
            Kind::of(&jobs, 2).expect_err("it makes no sense").to_string()
        };
        assert_eq!(bad(|jobs| jobs.calls = 0), "`jobs[2].calls` has to be 1 to 200");
        assert_eq!(bad(|jobs| jobs.per_day = f64::NAN), "`jobs[2].per_day` has to be 0 to 100000");
        assert_eq!(bad(|jobs| jobs.shared_tokens = 3_001), "`jobs[2].shared_tokens` has to be 0 to 3000");
        assert_eq!(bad(|jobs| jobs.first_byte_s = Some(9.0)), "`jobs[2].first_byte_s` has to be 0 to 8");
        assert!(bad(|jobs| jobs.floor = Some(Tier::Opus)).contains("cheaper"));
        assert!(bad(|jobs| jobs.hours = "late".into()).contains("9-17"));
    }

    #[test]
    fn as_many_come_as_are_told_in_their_hours() {
        let kind = Kind::of(&PlannedJobs { per_day: 8_000.0, ..PlannedJobs::default() }, 0).expect("sense");
        let midnight = Timestamp::from_secs(86_400);
        let times = kind.day(&mut Chance::new(1), 0, midnight);
        assert!(times.len().abs_diff(8_000) < 400, "{}", times.len());
        let hour = |at: &Timestamp| at.since(midnight).as_secs() / 3_600;
        assert!(times.iter().all(|at| (9..17).contains(&hour(at))));
        assert_eq!(kind.day(&mut Chance::new(1), 6, midnight), [], "none on a Sunday");
    }
}
