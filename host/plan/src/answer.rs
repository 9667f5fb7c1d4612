//! What is asked and what is answered: the run, full demand, what savings change, what other limits would give.

use crate::binds::Binds;
use crate::call::priced;
use crate::engine::{Demand, Engine, Wanted};
use crate::error::PlanError;
use crate::host::{PlannedHost, PlannedPreset};
use crate::kind::{Kind, kinds, not_too_much};
use crate::money::UsedUp;
use crate::predict::ComingDays;
use anvil_api::{PlanAnswer, PlanFull, PlanOther, PlanQuestion, PlanRun, PlanSaving, PlannedJobs};
use anvil_budget::WindowSpan;
use anvil_types::{LimitsPatch, Nanodollars, Timestamp};
use std::time::Duration;

/// The most calls of a day of full demand; where they are done sooner, the rest goes on at the same rate.
const MOST_OF_A_DAY: u64 = 300_000;
const DAYS: u32 = 30;
const MOST_DAYS: u32 = 62;
/// How far back and ahead of now days may begin: prices and calendars beyond say nothing of work.
const PAST_DAYS: u32 = 366;
const COMING_DAYS: u32 = 3_653;
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const LEAVES_OUT: [&str; 6] = [
    "failures of Claude, retries and the circuit: every call is answered",
    "Claude's own limits, where they are lower than the host's",
    "what a commit, a plugin's start and its computing take, unless `work_s` says it",
    "agents with limits of their own, questions to people, and jobs that wait for others",
    "batches, the cache of results and compression",
    "prices that change within the days, and tokenizers that count otherwise than the tier's that is asked",
];

/// One stretch of a host's work.
struct Stretch<'h> {
    kinds: &'h [Kind],
    from: Timestamp,
    days: u32,
    seed: u64,
    wanted: Wanted<'h>,
}

/// Plans what is asked, on this host or one of the presets, for as long as it is `wanted`.
pub fn answer(
    question: &PlanQuestion,
    own: &PlannedHost,
    presets: &[PlannedPreset],
    now: Timestamp,
    wanted: Wanted<'_>,
) -> Result<PlanAnswer, PlanError> {
    let named = question.preset.as_ref().map(|name| preset(name, presets)).transpose()?;
    let basis = named.map_or_else(|| "this host".to_owned(), |preset| preset.name.clone());
    let host = with(named.map_or(own, |preset| &preset.host), &question.limits)?;
    let days = question.days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(PlanError::bad("days", format!("has to be 1 to {MOST_DAYS}")));
    }
    let kinds = kinds(&question.jobs)?;
    not_too_much(&kinds, f64::from(days))?;
    let known = now - DAY * PAST_DAYS..=now + DAY * COMING_DAYS;
    if question.from.is_some_and(|from| !known.contains(&from)) {
        return Err(PlanError::bad("from", "has to be in the last year or the next ten"));
    }
    let from = host.windows.day(question.from.unwrap_or_else(|| host.windows.month(now).end)).start;
    let stretch = Stretch { kinds: &kinds, from, days, seed: question.seed.unwrap_or(1), wanted };
    let (run, waits) = stretch.run(&host)?;
    let mut answer = PlanAnswer {
        basis,
        from,
        days,
        limits: host.limits.clone(),
        jobs: if question.jobs.is_empty() { vec![PlannedJobs::default()] } else { question.jobs.clone() },
        full: stretch.full(&host)?,
        savings: Vec::new(),
        others: Vec::new(),
        leaves_out: LEAVES_OUT.map(str::to_owned).to_vec(),
        run,
    };
    if question.what_if {
        answer.savings = stretch.savings(&host, &answer.run)?;
        answer.others = stretch.others(&host, &answer.run, &waits, named, presets)?;
    }
    Ok(answer)
}

/// What becomes of jobs that come at these times after `from`, each of the kind of this number: for comparisons with what
/// happened.
pub fn given(
    host: &PlannedHost,
    jobs: &[PlannedJobs],
    times: Vec<(Duration, usize)>,
    from: Timestamp,
    length: Duration,
    seed: u64,
) -> Result<PlanRun, PlanError> {
    let span = WindowSpan { start: from, end: from + length };
    ComingDays { host, jobs, span, seed, used: UsedUp::default() }.by_arrivals(times, &|| true)
}

fn preset<'p>(name: &str, presets: &'p [PlannedPreset]) -> Result<&'p PlannedPreset, PlanError> {
    presets.iter().find(|preset| preset.name == name).ok_or_else(|| {
        let names: Vec<_> = presets.iter().map(|preset| preset.name.as_str()).collect();
        PlanError::bad("preset", format!("has to be one of {}", names.join(", ")))
    })
}

/// A host with other limits; what no host could run on is refused.
fn with(host: &PlannedHost, patch: &LimitsPatch) -> Result<PlannedHost, PlanError> {
    let limits = host.limits.with(patch);
    let numbers = [
        ("week_hours", limits.week_hours, 168),
        ("requests_per_minute", limits.requests_per_minute, 1_000_000),
        ("input_tokens_per_minute", limits.input_tokens_per_minute, 1_000_000_000),
        ("output_tokens_per_minute", limits.output_tokens_per_minute, 1_000_000_000),
        ("max_input_tokens", limits.max_input_tokens, 2_000_000),
        ("max_output_tokens", limits.max_output_tokens, 1_000_000),
        ("agents_min", limits.agents_min, 1_000),
        ("agents_max", limits.agents_max, 1_000),
        ("queue_max", limits.queue_max, 100_000),
    ];
    for (name, value, most) in numbers {
        if !(1..=most).contains(&value) {
            return Err(PlanError::bad(format!("limits.{name}"), format!("has to be 1 to {most}")));
        }
    }
    let money = [
        ("hour_usd", limits.hour_usd),
        ("day_usd", limits.day_usd),
        ("month_usd", limits.month_usd),
        ("job_usd", limits.job_usd),
    ];
    for (name, value) in money {
        if value <= Nanodollars::ZERO {
            return Err(PlanError::bad(format!("limits.{name}"), "has to be above 0"));
        }
    }
    if limits.agents_min > limits.agents_max {
        return Err(PlanError::bad("limits.agents_min", "has to be agents_max at most"));
    }
    // Slots that are asked for are planned: what a preset could never have is what a person wants to know of.
    let hard_slots = host.hard_slots.max(limits.agents_max);
    Ok(PlannedHost { limits, hard_slots, ..host.clone() })
}

impl Stretch<'_> {
    fn end(&self) -> Timestamp {
        self.from + DAY * self.days
    }

    fn run(&self, host: &PlannedHost) -> Result<(PlanRun, Vec<Binds>), PlanError> {
        let rows = priced(host, self.kinds, self.from)?;
        let mut engine = Engine::new(host, self.kinds, rows, Demand::Pattern, self.seed, self.from);
        engine.run_until(self.end(), u64::MAX, self.wanted)?;
        let run = engine.counts.run(&engine.money, &host.windows, engine.left() as u64);
        Ok((run, engine.counts.waited_for()))
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a day are far below 2^52")]
    fn full(&self, host: &PlannedHost) -> Result<PlanFull, PlanError> {
        let rows = priced(host, self.kinds, self.from)?;
        let most = host.limits.agents_max.min(host.hard_slots).saturating_mul(2).min(host.limits.queue_max);
        let demand = Demand::Full(most as usize);
        let mut engine = Engine::new(host, self.kinds, rows, demand, self.seed, self.from);
        engine.run_until(self.from + HOUR, MOST_OF_A_DAY, self.wanted)?;
        let passed = |engine: &Engine<'_>| engine.now.since(self.from).as_secs_f64().max(1.0);
        let hours = passed(&engine) / 3_600.0;
        let (ceiling, binds_hour) = (engine.ceiling(), engine.counts.binds());
        let first = (engine.counts.done(), engine.counts.total, engine.counts.worked());
        engine.run_until(self.from + DAY, MOST_OF_A_DAY, self.wanted)?;
        let days = passed(&engine) / 86_400.0;
        let day = scaled(engine.counts.total, 1.0 / days);
        Ok(PlanFull {
            agents_fed: ceiling.as_ref().map(|(agents, _)| *agents),
            fed_limit: ceiling.map(|(_, limit)| limit),
            agents_working: first.2.as_secs_f64() / (hours * 3_600.0),
            jobs_per_minute: first.0 as f64 / hours / 60.0,
            jobs_per_hour: first.0 as f64 / hours,
            jobs_per_day: engine.counts.done() as f64 / days,
            hour: scaled(first.1, 1.0 / hours),
            day,
            binds_hour: binds_hour.map(|binds| binds.to_string()),
            binds_day: engine.counts.binds().map(|binds| binds.to_string()),
            brake_at: engine.money.brake_at,
            month_lasts_days: (day > Nanodollars::ZERO).then(|| host.limits.month_usd.usd() / day.usd()),
        })
    }

    fn savings(&self, host: &PlannedHost, with: &PlanRun) -> Result<Vec<PlanSaving>, PlanError> {
        let mut savings = Vec::new();
        let mut note = |name: &str, without: &PlannedHost| -> Result<(), PlanError> {
            let (run, _) = self.run(without)?;
            let jobs = i64::try_from(with.finished).unwrap_or(i64::MAX)
                - i64::try_from(run.finished).unwrap_or(i64::MAX);
            savings.push(PlanSaving { name: name.to_owned(), saved: run.total - with.total, jobs });
            Ok(())
        };
        if host.prompt_cache {
            note("prompt cache", &PlannedHost { prompt_cache: false, ..host.clone() })?;
        }
        let steps = host.pressure;
        if steps.one_down.or(steps.cheapest).is_some() {
            let pressure = anvil_budget::PressureSteps { one_down: None, cheapest: None, ..steps };
            note("cheaper tiers under pressure", &PlannedHost { pressure, ..host.clone() })?;
        }
        Ok(savings)
    }

    fn others(
        &self,
        host: &PlannedHost,
        as_it_is: &PlanRun,
        waits: &[Binds],
        named: Option<&PlannedPreset>,
        presets: &[PlannedPreset],
    ) -> Result<Vec<PlanOther>, PlanError> {
        let mut others = Vec::new();
        // What jobs wait for most comes first: it is what a person would raise.
        let waits: Vec<_> = waits.iter().filter_map(Binds::setting).collect();
        let mut names: Vec<_> = LimitsPatch::NAMES.iter().filter_map(|name| doubled(host, name)).collect();
        names.sort_by_key(|(name, _)| waits.iter().position(|wait| wait == name).unwrap_or(usize::MAX));
        for (name, other) in &names {
            let change = format!("{name} doubled");
            // Money presses before anybody waits for it; of any other limit nothing is noticed but a wait.
            if name.ends_with("_usd") || waits.contains(name) {
                others.push(same(change, &self.run(other)?.0));
            } else {
                others.push(same(change, as_it_is));
            }
        }
        let after = named.and_then(|named| presets.iter().position(|preset| preset.name == named.name));
        if let Some(next) = after.and_then(|at| presets.get(at + 1)) {
            others.push(same(format!("the preset {}", next.name), &self.run(&next.host)?.0));
        }
        Ok(others)
    }
}

/// A host with twice as much of one limit that holds work back; none for those that bound a single call or job.
fn doubled<'n>(host: &PlannedHost, name: &&'n str) -> Option<(&'n str, PlannedHost)> {
    let mut limits = host.limits.clone();
    let money = |limit: &mut Nanodollars| *limit = *limit + *limit;
    let number = |limit: &mut u32| *limit = limit.saturating_mul(2);
    match *name {
        "hour_usd" => money(&mut limits.hour_usd),
        "day_usd" => money(&mut limits.day_usd),
        "month_usd" => money(&mut limits.month_usd),
        "week_hours" => number(&mut limits.week_hours),
        "requests_per_minute" => number(&mut limits.requests_per_minute),
        "input_tokens_per_minute" => number(&mut limits.input_tokens_per_minute),
        "output_tokens_per_minute" => number(&mut limits.output_tokens_per_minute),
        "agents_max" => number(&mut limits.agents_max),
        _ => return None,
    }
    let hard_slots = host.hard_slots.max(limits.agents_max);
    Some((*name, PlannedHost { limits, hard_slots, ..host.clone() }))
}

/// What a run gives, under a change.
fn same(change: String, run: &PlanRun) -> PlanOther {
    let PlanRun { finished, response, total: cost, binds, .. } = run;
    PlanOther { change, finished: *finished, p95_s: response.p95_s, cost: *cost, binds: binds.clone() }
}

fn scaled(amount: Nanodollars, by: f64) -> Nanodollars {
    Nanodollars::from_usd(amount.usd() * by).unwrap_or_default()
}
