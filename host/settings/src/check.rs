//! Values that make no sense together, or that a preset does not allow.

use crate::agents::{AGENT_NAME, is_agent_name};
use crate::error::SettingProblem;
use crate::preset::Preset;
use crate::reader::between;
use crate::schema::{PaceSettings, ReadSection};
use crate::settings::Settings;
use anvil_types::Limits;

/// Judges limits that are to be changed at run time as those of the settings are judged: each within its
/// range, and all of them together. An empty answer is a yes.
pub fn check_limits(limits: &Limits, pace: &PaceSettings, preset: Preset) -> Vec<SettingProblem> {
    let mut problems: Vec<SettingProblem> = limits
        .show()
        .into_iter()
        .filter_map(|(key, value, number)| {
            let (least, most) = key.range?;
            (!(least..=most).contains(&number?))
                .then(|| say(format!("`{}` is {value}, but must be {}", key.path(), between(least, most))))
        })
        .collect();
    problems.extend(limits_together(limits, pace, preset));
    problems
}

fn limits_together(limits: &Limits, pace: &PaceSettings, preset: Preset) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    if limits.agents_min > limits.agents_max {
        problems.push(say(format!(
            "`limits.agents_min` is {}, above `limits.agents_max`, which is {}",
            limits.agents_min, limits.agents_max
        )));
    }
    if limits.agents_max > preset.agents_hard() {
        problems.push(say(format!(
            "`limits.agents_max` is {}, but under the preset {preset} there are never more than {} agents",
            limits.agents_max,
            preset.agents_hard()
        )));
    }
    if limits.month_usd > preset.month_hard() {
        problems.push(say(format!(
            "`limits.month_usd` is {}, but under the preset {preset} a month is never above {}",
            limits.month_usd,
            preset.month_hard()
        )));
    }
    if limits.requests_per_minute > pace.requests_per_minute_hard {
        problems.push(say(format!(
            "`limits.requests_per_minute` is {}, above `pace.requests_per_minute_hard`, which is {}",
            limits.requests_per_minute, pace.requests_per_minute_hard
        )));
    }
    problems
}

/// Whom an agent names of those that it may hand work to, and cannot.
fn teams(settings: &Settings) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    for (name, agent) in &settings.agents {
        for other in agent.may_call.iter().flatten() {
            if !is_agent_name(other) {
                problems.push(say(format!(
                    "`agents.{name}.may_call` names `{other}`, which is no agent's name: {AGENT_NAME}"
                )));
            } else if other == name {
                problems.push(say(format!(
                    "`agents.{name}.may_call` names `{name}` itself: an agent stands once on a path of jobs"
                )));
            }
        }
    }
    problems
}

/// Actions that are said to be simple work and complex work.
fn efforts(settings: &Settings) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    for (name, agent) in &settings.agents {
        let complex = agent.complex_actions.as_deref().unwrap_or_default();
        let both = agent.simple_actions.iter().flatten().filter(|action| complex.contains(action));
        problems.extend(both.map(|action| {
            say(format!(
                "`agents.{name}` has `{action}` in `simple_actions` and in `complex_actions`: leave it in one of them"
            ))
        }));
    }
    problems
}

/// All that is wrong across settings.
pub(crate) fn contradictions(settings: &Settings) -> Vec<SettingProblem> {
    let mut problems = limits_together(&settings.limits, &settings.pace, settings.preset);
    problems.extend(teams(settings));
    problems.extend(efforts(settings));
    let hard = settings.preset.requests_hard();
    if settings.pace.requests_per_minute_hard > hard {
        problems.push(say(format!(
            "`pace.requests_per_minute_hard` is {}, but under the preset {} it is never above {hard}",
            settings.pace.requests_per_minute_hard, settings.preset
        )));
    }
    let jobs = &settings.jobs;
    let upstream = &settings.upstream;
    let ordered = [
        ("jobs.heartbeat_s", jobs.heartbeat_s * 2, "half of `jobs.lease_s`", jobs.lease_s),
        ("jobs.cpu_s", jobs.cpu_s, "`jobs.wall_s`", jobs.wall_s),
        ("jobs.calls_parallel", jobs.calls_parallel.into(), "`jobs.calls`", jobs.calls.into()),
        (
            "upstream.first_byte_timeout_s",
            upstream.first_byte_timeout_s,
            "`upstream.call_timeout_s`",
            upstream.call_timeout_s,
        ),
    ];
    for (lesser, value, name, most) in ordered {
        if value > most {
            problems.push(say(format!("`{lesser}` must not be above {name}")));
        }
    }
    for (name, agent) in &settings.agents {
        let (cpu, wall) = (agent.cpu_s.unwrap_or(jobs.cpu_s), agent.wall_s.unwrap_or(jobs.wall_s));
        if agent.cpu_s.is_some() && cpu > wall {
            problems.push(say(format!(
                "the agent `{name}` may compute for {cpu} s (`cpu_s`), but an attempt of it takes at most {wall} s (`wall_s`)"
            )));
        }
        let (at_once, calls) =
            (agent.calls_parallel.unwrap_or(jobs.calls_parallel), agent.calls.unwrap_or(jobs.calls));
        if agent.calls_parallel.is_some() && at_once > calls {
            problems.push(say(format!(
                "the agent `{name}` may have {at_once} calls under way (`calls_parallel`), but a job of it makes at most {calls} (`calls`)"
            )));
        }
    }
    let pressure = &settings.pressure;
    if pressure.one_tier_down_percent > pressure.cheapest_percent {
        problems.push(say(format!(
            "`pressure.one_tier_down_percent` is {}, above `pressure.cheapest_percent`, which is {}",
            pressure.one_tier_down_percent, pressure.cheapest_percent
        )));
    }
    for host in &settings.server.allowed_hosts {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_name = url::Host::parse(host).is_ok() && !host.contains(['*', ' ']);
        if !is_name && bare.parse::<std::net::IpAddr>().is_err() {
            problems.push(say(format!(
                "`server.allowed_hosts` has `{host}`, but an entry is the bare name of a host, as in \
                 anvil.example.com: without scheme, port, path and `*`"
            )));
        }
    }
    for (tier, model) in settings.models.models() {
        if model.trim().is_empty() {
            problems.push(say(format!("`models.{tier}` is empty, but must be the exact id of a model")));
        }
    }
    problems
}

fn say(sentence: String) -> SettingProblem {
    SettingProblem::Contradiction(sentence)
}
