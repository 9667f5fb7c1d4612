//! What each room goes by, out of the settings.

use anvil_alerts::LinkTerms;
use anvil_budget::{BatchRule, CircuitRule, PressureSteps, PriceTable};
use anvil_control::{ControlSettings, PlanSettings};
use anvil_gateway::{ApiKey, GatewayConfig, PaceSettings, Patience, Upstream};
use anvil_runner::{AgentSettings, RunnerSettings};
use anvil_sandbox::{
    AttemptLimits, CatalogSettings, CompileCommand, EngineCount, EngineSettings, KeepRule, LimitsOf,
    PayloadBound, SandboxSettings,
};
use anvil_settings::{
    AgentSection, Credential, PressureSettings, RetentionSettings, SavingSettings, Settings, UpstreamConfig,
    read_bounded,
};
use anvil_store::{QuarantineRule, QuestionRules, QueueShares, ReplyBounds, Retention};
use anvil_types::{
    Clock, Compression, Effort, InputLimits, PerAgent, StateSize, Supervisor, UpstreamKind, encoding,
};
use anyhow::Context as _;
use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// A call that would wait longer than this for the pace parks its job instead.
pub(super) const LONGEST_PACE_WAIT: Duration = Duration::from_secs(30);
/// How long the number of slots stays after it changed.
pub(super) const SCALE_COOLDOWN: Duration = Duration::from_mins(5);
/// Guests beside the running attempts: those that describe themselves.
const SPARE_INSTANCES: u32 = 4;
/// How many times as long as its time on a processor a plugin may take to describe itself.
const DESCRIBE_PATIENCE: u32 = 6;
/// How often a running guest is looked at.
const TICK: Duration = Duration::from_millis(5);
const DAY: Duration = Duration::from_hours(24);
const MIB: usize = 1024 * 1024;
/// The most bytes of a price file.
const MOST_PRICE_BYTES: u64 = 4 << 20;

pub(crate) fn prices(settings: &Settings) -> anyhow::Result<PriceTable> {
    let Some(file) = &settings.prices.file else { return Ok(PriceTable::built_in()) };
    let name = file.display().to_string();
    let bytes = read_bounded(file, MOST_PRICE_BYTES)
        .with_context(|| format!("the price file {name} cannot be read"))?;
    let text = encoding::utf8(&bytes).with_context(|| format!("the price file {name} cannot be read"))?;
    Ok(PriceTable::with_file(&name, text)?)
}

pub(crate) fn gateway(
    settings: &Settings,
    upstream: &UpstreamConfig,
    prices: Arc<PriceTable>,
    supervisor: &Supervisor,
) -> GatewayConfig {
    let patience = &settings.upstream;
    GatewayConfig {
        upstream: Upstream {
            kind: upstream.kind,
            base_url: upstream.base_url.clone(),
            api_key: Some(match &upstream.credential {
                Credential::ApiKey(key) => ApiKey::new(key.expose()),
                Credential::Bearer(token) => ApiKey::bearer(token.expose()),
            }),
        },
        patience: Patience {
            connect: Duration::from_secs(patience.connect_timeout_s),
            first_byte: Duration::from_secs(patience.first_byte_timeout_s),
            idle: Duration::from_secs(patience.idle_timeout_s),
            call: Duration::from_secs(patience.call_timeout_s),
            drain: Duration::from_secs(patience.drain_s),
            retries: patience.retries,
        },
        pace: PaceSettings { burst: settings.pace.burst, longest_wait: LONGEST_PACE_WAIT },
        circuit: CircuitRule {
            failures: patience.circuit_failures,
            open_for: Duration::from_secs(patience.circuit_open_s),
        },
        prices,
        models: settings.models.clone(),
        pressure: pressure(&settings.pressure),
        prompt_cache: settings.saving.prompt_cache,
        prompt_cache_refresh: settings.saving.prompt_cache_refresh,
        reply_cache: settings.saving.reply_cache.then(|| replies(&settings.saving)),
        compression: compression(settings),
        batches: settings.saving.batches.then(|| batches(&settings.saving)),
        batch_look: Duration::from_secs(settings.saving.batch_look_s),
        supervisor: supervisor.clone(),
    }
}

fn replies(settings: &SavingSettings) -> ReplyBounds {
    ReplyBounds {
        ttl: Duration::from_secs(settings.reply_cache_s),
        entries: settings.reply_cache_entries,
        bytes: u64::from(settings.reply_cache_mb) * MIB as u64,
    }
}

/// How far the prompts of each agent are compressed.
fn compression(settings: &Settings) -> PerAgent<Compression> {
    let own = settings.agents.iter().filter_map(|(name, agent)| Some((name.clone(), agent.compression?)));
    PerAgent { all: settings.saving.compression, agents: own.collect() }
}

fn batches(settings: &SavingSettings) -> BatchRule {
    BatchRule {
        calls: settings.batch_calls,
        bytes: BatchRule::MOST_BYTES,
        wait: Duration::from_secs(settings.batch_wait_s),
    }
}

pub(super) fn pressure(settings: &PressureSettings) -> PressureSteps {
    PressureSteps {
        throttle: settings.throttle.then_some(settings.throttle_percent),
        one_down: settings.downgrade.then_some(settings.one_tier_down_percent),
        cheapest: settings.downgrade.then_some(settings.cheapest_percent),
    }
}

fn retention(settings: &RetentionSettings) -> Retention {
    Retention {
        finished_for: DAY * settings.finished_days,
        finished_jobs: settings.finished_jobs,
        alerts_for: DAY * settings.alerts_days,
    }
}

/// The sandbox of a host; what its engine counts besides is for whoever tries a plugin.
pub(crate) fn sandbox(settings: &Settings, count: EngineCount) -> SandboxSettings {
    let sandbox = &settings.sandbox;
    // The pool has room for the largest of all agents; what each may take of it, its attempts' limits say.
    let most = |all: u32, own: fn(&AgentSection) -> Option<u32>| {
        settings.agents.values().filter_map(own).fold(all, u32::max)
    };
    let instances = most(sandbox.instances, |agent| agent.instances);
    SandboxSettings {
        engine: EngineSettings {
            max_instances: settings.preset.agents_hard() + SPARE_INSTANCES,
            max_core_instances: instances,
            max_memories: instances.min(8),
            max_tables: instances.min(16),
            max_memory_bytes: most(sandbox.memory_mb, |agent| agent.memory_mb) as usize * MIB,
            max_table_elements: most(sandbox.table_elements, |agent| agent.table_elements) as usize,
            stack_bytes: sandbox.stack_kb as usize * 1024,
            tick: TICK,
            count,
        },
        guest_threads: SandboxSettings::guest_threads(),
    }
}

/// Where people reach the panel: as the settings say; else where it listens, or, where that is every address of the
/// machine, by the first of the names that it answers to.
pub(super) fn panel_url(settings: &Settings, listen: SocketAddr) -> String {
    if let Some(public) = &settings.server.public_url {
        return public.origin();
    }
    match settings.server.allowed_hosts.first().filter(|_| listen.ip().is_unspecified()) {
        Some(name) => format!("http://{name}:{}", listen.port()),
        None => format!("http://{listen}"),
    }
}

/// What links that answer questions are made by, where people can follow one.
pub(super) fn links(settings: &Settings) -> Option<LinkTerms> {
    let valid_for = Duration::from_hours(settings.people.link_hours);
    settings.server.public_url.as_ref().map(|public| LinkTerms { base: public.origin(), valid_for })
}

/// The address at which this machine reaches a host that listens there.
pub(crate) fn reachable(listen: SocketAddr) -> SocketAddr {
    match listen {
        SocketAddr::V4(_) if listen.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, listen.port()).into(),
        SocketAddr::V6(_) if listen.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, listen.port()).into(),
        _ => listen,
    }
}

/// The host names that it answers to.
pub(super) fn allowed_hosts(settings: &Settings) -> Vec<String> {
    let public = settings.server.public_url.iter().map(|public| public.host().to_owned());
    settings.server.allowed_hosts.iter().cloned().chain(public).collect()
}

/// What an attempt of an agent may take, where anything of it is the agent's own.
fn own_attempt(settings: &Settings, agent: &AgentSection) -> Option<AttemptLimits> {
    let all = attempt(settings);
    let mib = |mib: u32| mib as usize * MIB;
    let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let own = AttemptLimits {
        of: all.of,
        memory_bytes: agent.memory_mb.map_or(all.memory_bytes, mib),
        table_elements: agent.table_elements.map_or(all.table_elements, |elements| elements as usize),
        instances: agent.instances.map_or(all.instances, |instances| instances as usize),
        wall_time: all.wall_time,
        cpu_time: agent.cpu_s.map_or(all.cpu_time, Duration::from_secs),
        log_lines: agent.log_lines.unwrap_or(all.log_lines),
        log_bytes: agent.log_bytes.map_or(all.log_bytes, bytes),
        artifacts: agent.artifacts.map_or(all.artifacts, |files| files as usize),
        artifact_bytes: agent.artifact_bytes.map_or(all.artifact_bytes, bytes),
        hostcall_bytes: agent.value_bytes.map_or(all.hostcall_bytes, bytes),
        resources: agent.resources.map_or(all.resources, |resources| resources as usize),
    };
    (own != all).then_some(own)
}

fn attempt(settings: &Settings) -> AttemptLimits {
    let sandbox = &settings.sandbox;
    let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    AttemptLimits {
        of: LimitsOf::Attempt,
        memory_bytes: sandbox.memory_mb as usize * MIB,
        table_elements: sandbox.table_elements as usize,
        instances: sandbox.instances as usize,
        wall_time: Duration::from_secs(settings.jobs.wall_s),
        cpu_time: Duration::from_secs(settings.jobs.cpu_s),
        log_lines: sandbox.log_lines,
        log_bytes: bytes(sandbox.log_bytes),
        artifacts: sandbox.artifacts as usize,
        artifact_bytes: bytes(sandbox.artifact_bytes),
        hostcall_bytes: bytes(sandbox.value_bytes),
        resources: sandbox.resources as usize,
    }
}

pub(crate) fn catalog(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    supervisor: &Supervisor,
) -> anyhow::Result<CatalogSettings> {
    let sandbox = &settings.sandbox;
    let describe = AttemptLimits {
        of: LimitsOf::Description,
        memory_bytes: 64 * MIB,
        // On a busy machine the time by the wall is over long before a processor was had for as long.
        wall_time: Duration::from_secs(sandbox.describe_s) * DESCRIBE_PATIENCE,
        cpu_time: Duration::from_secs(sandbox.describe_s),
        artifacts: 0,
        artifact_bytes: 0,
        ..attempt(settings)
    };
    Ok(CatalogSettings {
        plugins: settings.plugins.dir.clone(),
        data: settings.data.dir.clone(),
        max_file_bytes: u64::from(sandbox.plugin_file_mb) * MIB as u64,
        compile: CompileCommand::this_program(vec!["compile-plugin".into()])
            .context("the host's own binary cannot be found")?,
        compile_time: Duration::from_secs(sandbox.compile_s),
        compile_memory_bytes: u64::from(sandbox.compile_memory_mb) * MIB as u64,
        compiled_bytes: u64::from(settings.plugins.compiled_mb) * MIB as u64,
        keep: KeepRule {
            versions: settings.plugins.keep_versions as usize,
            bytes: u64::from(settings.plugins.keep_mb) * MIB as u64,
        },
        may_call: may_call(settings),
        payloads: payloads(settings),
        describe,
        clock,
        supervisor: supervisor.clone(),
    })
}

/// The longest payload of each agent's jobs: it is a value that crosses.
fn payloads(settings: &Settings) -> PerAgent<PayloadBound> {
    let own = settings.agents.iter().filter_map(|(name, agent)| {
        let bytes = agent.value_bytes?;
        Some((name.clone(), PayloadBound { bytes, setting: format!("agents.{name}.value_bytes") }))
    });
    let (bytes, setting) = (settings.sandbox.value_bytes, "sandbox.value_bytes".to_owned());
    PerAgent { all: PayloadBound { bytes, setting }, agents: own.collect() }
}

/// The agents that each may hand work to.
fn may_call(settings: &Settings) -> HashMap<String, Vec<String>> {
    let own = settings.agents.iter();
    own.filter_map(|(name, agent)| Some((name.clone(), agent.may_call.clone()?))).collect()
}

/// The shares of the queue; the whole of it is no bound.
pub(super) fn shares(settings: &Settings) -> QueueShares {
    let bound = |percent: u32| (percent < 100).then_some(percent);
    let own = settings.agents.iter().filter_map(|(name, agent)| Some((name.clone(), agent.queue_percent?)));
    QueueShares {
        agent: bound(settings.jobs.agent_queue_percent),
        agents: own.collect(),
        schedule: bound(settings.jobs.schedule_queue_percent),
    }
}

fn questions(settings: &Settings) -> QuestionRules {
    let people = &settings.people;
    QuestionRules {
        open_of_subject: people.open_of_job,
        open_of_asker: people.open_of_agent,
        ring_after: Duration::from_secs(people.ring_after_s),
        ring_every: Duration::from_secs(people.ring_every_s),
        with_links: settings.server.public_url.is_some(),
    }
}

/// How much agents may keep beyond their jobs.
fn state(settings: &Settings) -> PerAgent<StateSize> {
    let all = StateSize { keys: settings.sandbox.state_keys.into(), bytes: settings.sandbox.state_bytes };
    let own = settings.agents.iter().map(|(name, agent)| {
        let keys = agent.state_keys.map_or(all.keys, u64::from);
        (name.clone(), StateSize { keys, bytes: agent.state_bytes.unwrap_or(all.bytes) })
    });
    PerAgent { all, agents: own.collect() }
}

/// The efforts that an agent's owner has given its actions.
fn efforts(agent: &AgentSection) -> BTreeMap<String, Effort> {
    let of = |actions: &Option<Vec<String>>, effort| {
        actions.iter().flatten().map(|action| (action.clone(), effort)).collect::<Vec<_>>()
    };
    let (simple, complex) =
        (of(&agent.simple_actions, Effort::Simple), of(&agent.complex_actions, Effort::Complex));
    simple.into_iter().chain(complex).collect()
}

pub(crate) fn runner(settings: &Settings, upstream: UpstreamKind) -> RunnerSettings {
    let jobs = &settings.jobs;
    let agents = settings.agents.iter().map(|(name, agent)| {
        let own = AgentSettings {
            max_input_tokens: agent.max_input_tokens,
            max_output_tokens: agent.max_output_tokens,
            wall_time: agent.wall_s.map(Duration::from_secs),
            attempt: own_attempt(settings, agent),
            calls: agent.calls,
            calls_at_once: agent.calls_parallel.map(|calls| calls as usize),
            given: agent.given(),
            open_of_job: agent.open_of_job,
            open_of_agent: agent.open_of_agent,
            task_budget: agent.task_budget,
            share_replies: agent.share_replies.unwrap_or(false),
            model_floor: agent.model_floor,
            by_score: agent.by_score,
            efforts: efforts(agent),
            economy: agent.economy.unwrap_or(false),
            may_call: agent.may_call.clone().unwrap_or_default(),
            values: agent.settings.clone().into(),
        };
        (name.clone(), own)
    });
    RunnerSettings {
        upstream,
        back_off: Duration::try_from_secs_f64(jobs.backoff_s).unwrap_or_default(),
        lease: Duration::from_secs(jobs.lease_s),
        heartbeat: Duration::from_secs(jobs.heartbeat_s),
        calls: jobs.calls,
        calls_at_once: jobs.calls_parallel as usize,
        task_budget: jobs.task_budget,
        hard_slots: settings.preset.agents_hard(),
        scale_cooldown: SCALE_COOLDOWN,
        attempt: attempt(settings),
        questions: questions(settings),
        state: state(settings),
        quarantine: QuarantineRule {
            traps: settings.plugins.quarantine_traps,
            within: Duration::from_mins(settings.plugins.quarantine_minutes.into()),
        },
        agents: agents.collect(),
    }
}

/// How much a job of each agent may come with.
pub(crate) fn inputs(settings: &Settings) -> PerAgent<InputLimits> {
    let jobs = &settings.jobs;
    let all = InputLimits {
        files: jobs.input_files as usize,
        file_bytes: jobs.input_file_bytes,
        bytes: jobs.input_bytes,
    };
    let own = settings.agents.iter().map(|(name, agent)| {
        let limits = InputLimits {
            files: agent.input_files.map_or(all.files, |files| files as usize),
            file_bytes: agent.input_file_bytes.unwrap_or(all.file_bytes),
            bytes: agent.input_bytes.unwrap_or(all.bytes),
        };
        (name.clone(), limits)
    });
    PerAgent { all, agents: own.collect() }
}

/// How many attempts a job of each agent has.
pub(super) fn attempts(settings: &Settings) -> PerAgent<u32> {
    let own = settings.agents.iter().filter_map(|(name, agent)| Some((name.clone(), agent.max_attempts?)));
    PerAgent { all: settings.jobs.max_attempts, agents: own.collect() }
}

pub(super) fn control(settings: &Settings, upstream: UpstreamKind, plan: PlanSettings) -> ControlSettings {
    ControlSettings {
        upstream,
        pressure: pressure(&settings.pressure),
        state: state(settings),
        own_costs: settings
            .agents
            .iter()
            .filter_map(|(name, agent)| Some((name.clone(), agent.job_usd?)))
            .collect(),
        retention: retention(&settings.retention),
        batches: settings.saving.batches,
        batch_rule: batches(&settings.saving),
        reply_cache: settings.saving.reply_cache,
        replies: replies(&settings.saving),
        inputs: inputs(settings),
        attempts: attempts(settings),
        uploads: settings.data.dir.clone(),
        plan,
        limit_sources: settings.limit_sources(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::planned::plan_settings;
    use anvil_settings::LoadOptions;

    #[test]
    fn each_limit_of_one_agent_is_in_force_for_it_alone() {
        let own = [
            ("memory_mb", "300"),
            ("table_elements", "200000"),
            ("instances", "60"),
            ("cpu_s", "7"),
            ("wall_s", "77"),
            ("log_lines", "11"),
            ("log_bytes", "2048"),
            ("artifacts", "3"),
            ("artifact_bytes", "4096"),
            ("value_bytes", "8192"),
            ("resources", "17"),
            ("calls", "9"),
            ("calls_parallel", "2"),
            ("job_usd", "0.25"),
            ("max_attempts", "6"),
            ("input_files", "1"),
            ("input_file_bytes", "100"),
            ("input_bytes", "200"),
            ("open_of_job", "8"),
            ("open_of_agent", "80"),
        ];
        let flag = |(key, value): &(&str, &str)| {
            (format!("agents.writer.{key}"), (*value).to_owned(), "--set".to_owned())
        };
        let flags = own.iter().map(flag).collect();
        let settings =
            Settings::load(&LoadOptions { flags, ..LoadOptions::default() }).expect("they are right");
        let runner = runner(&settings, UpstreamKind::Simulated);
        let writer = &runner.agents["writer"];
        let expected = AttemptLimits {
            of: LimitsOf::Attempt,
            memory_bytes: 300 * MIB,
            table_elements: 200_000,
            instances: 60,
            wall_time: runner.attempt.wall_time,
            cpu_time: Duration::from_secs(7),
            log_lines: 11,
            log_bytes: 2_048,
            artifacts: 3,
            artifact_bytes: 4_096,
            hostcall_bytes: 8_192,
            resources: 17,
        };
        assert_eq!(writer.attempt, Some(expected));
        assert_eq!(
            (writer.wall_time, writer.calls, writer.calls_at_once),
            (Some(Duration::from_secs(77)), Some(9), Some(2))
        );
        assert!(own.iter().all(|(key, _)| writer.given.contains(key)), "{:?}", writer.given);
        assert_eq!((writer.open_of_job, writer.open_of_agent), (Some(8), Some(80)));
        assert_eq!((attempts(&settings).of("writer"), attempts(&settings).of("other")), (&6, &3));
        let files = inputs(&settings);
        assert_eq!(files.of("writer"), &InputLimits { files: 1, file_bytes: 100, bytes: 200 });
        assert_eq!((files.of("other"), files.widest()), (&files.all, files.all));
        let plan = plan_settings(&settings, Arc::new(PriceTable::built_in()));
        let costs = control(&settings, UpstreamKind::Simulated, plan).own_costs;
        assert_eq!(costs.get("writer"), anvil_types::Nanodollars::from_usd(0.25).as_ref());
        // The pool has room for the largest of them, and all others are bounded as before.
        let engine = sandbox(&settings, EngineCount::Nothing).engine;
        assert_eq!((engine.max_memory_bytes, engine.max_table_elements), (300 * MIB, 200_000));
        assert_eq!(engine.max_core_instances, 60);
        assert_eq!(runner.attempt.memory_bytes, 256 * MIB);
    }
}
