//! Every setting, once: name, type, default, range, and the sentence that explains it. The defaults of models stand
//! with what is known of those (`models.toml` of `anvil-budget`).

use crate::key::{DefaultValue, Key, Section};
use crate::log::LogFormat;
use crate::public_url::PublicUrl;
use crate::reader::Reader;
use crate::value::Value;
use anvil_budget::ModelMap;
use anvil_types::{Compression, Effort, Limits, Nanodollars, Tier, UpstreamKind};
use jiff::tz::TimeZone;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A section that can be read out of the layers, and shown.
pub(crate) trait ReadSection: Sized {
    /// Reads every key; what is wrong is told to the reader.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
    /// Every key's path, its value as TOML, and as a number.
    fn show(&self) -> Vec<(&'static Key, String, Option<f64>)>;
}

/// Defines the struct of a section, unless it is one of a crate below.
macro_rules! define {
    (own $(#[$doc:meta])+ $Type:ident { $($(#[$key_doc:meta])+ $key:ident: $type:ty;)+ }) => {
        $(#[$doc])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Type { $($(#[$key_doc])+ pub $key: $type,)+ }
    };
    (theirs $($rest:tt)+) => {};
}

macro_rules! sections {
    ($(
        $(#[doc = $doc:literal])+
        $whose:ident $section:ident: $Type:ident {
            $($(#[doc = $key_doc:literal])+ $key:ident: $type:ty = $default:tt $(in $least:literal..=$most:literal)?;)+
        }
    )+) => {
        /// Every section with its settings, in the order of the reference.
        pub const SECTIONS: &[Section] = &[$(Section {
            name: stringify!($section),
            doc: concat!($($doc, "\n"),+),
            keys: &[$(Key {
                section: stringify!($section),
                name: stringify!($key),
                doc: concat!($($key_doc, "\n"),+),
                default: sections!(@default $default),
                expected: <$type as Value>::EXPECTED,
                range: sections!(@range $($least, $most)?),
            },)+],
        },)+];

        $(
            define!($whose $(#[doc = $doc])+ $Type { $($(#[doc = $key_doc])+ $key: $type;)+ });

            impl ReadSection for $Type {
                fn read(reader: &mut Reader<'_>) -> Option<Self> {
                    let mut keys = keys_of(stringify!($section)).iter();
                    $(let $key: Option<$type> = keys.next().and_then(|key| reader.get(key));)+
                    Some(Self { $($key: $key?,)+ })
                }

                fn show(&self) -> Vec<(&'static Key, String, Option<f64>)> {
                    let shown = [$((self.$key.show(), self.$key.number()),)+];
                    let keys = keys_of(stringify!($section)).iter();
                    keys.zip(shown).map(|(key, (value, number))| (key, value, number)).collect()
                }
            }
        )+
    };
    (@default $toml:literal) => { DefaultValue::Toml($toml) };
    (@default { $($known:tt)+ }) => { DefaultValue::$($known)+ };
    (@range) => { None };
    (@range $least:literal, $most:literal) => { Some(($least, $most)) };
}

/// The keys of a section; none where there is no such section.
pub(crate) fn keys_of(section: &str) -> &'static [Key] {
    SECTIONS.iter().find(|known| known.name == section).map_or(&[], |known| known.keys)
}

sections! {
    /// What may be spent, how fast, and how much at once. All of these can also be changed while the host
    /// runs (`anvil limits set`, the panel); what is changed there wins until it is reset.
    theirs limits: Limits {
        /// Dollars in any 60 minutes.
        hour_usd: Nanodollars = "8.00" in 0.000_001..=1_000_000.0;
        /// Dollars in a calendar day of the time zone. At 95 % of it the brake engages.
        day_usd: Nanodollars = "160.00" in 0.000_001..=1_000_000.0;
        /// Dollars in a calendar month of the time zone.
        month_usd: Nanodollars = "200.00" in 0.000_001..=1_000_000.0;
        /// Hours with any call in flight in a week, Monday to Monday.
        week_hours: u32 = "80" in 1.0..=168.0;
        /// Dollars that one job may spend when it does not say (`max_cost_usd`).
        job_usd: Nanodollars = "2.00" in 0.000_001..=1_000_000.0;
        /// Requests to Claude in any 60 seconds.
        requests_per_minute: u32 = "45" in 1.0..=1_000_000.0;
        /// Input tokens a minute, cache reads not counted.
        input_tokens_per_minute: u32 = "30000" in 1.0..=1_000_000_000.0;
        /// Output tokens a minute.
        output_tokens_per_minute: u32 = "8000" in 1.0..=1_000_000_000.0;
        /// Input tokens of one call, by the estimate. A larger call is refused.
        max_input_tokens: u32 = "8000" in 1.0..=10_000_000.0;
        /// Output tokens of one call. A request for more is cut down to this.
        max_output_tokens: u32 = "2000" in 1.0..=1_000_000.0;
        /// Agent slots that are always on.
        agents_min: u32 = "3" in 1.0..=256.0;
        /// The most agent slots. Never above 12 under the `max-` presets.
        agents_max: u32 = "10" in 1.0..=256.0;
        /// The most unfinished jobs. The next one is refused, and nothing that was accepted is dropped.
        queue_max: u32 = "200" in 1.0..=1_000_000.0;
    }

    /// How requests are spread over a minute.
    own pace: PaceSettings {
        /// Requests that must never be exceeded in any minute, whatever happens: the upstream's own limit.
        requests_per_minute_hard: u32 = "50" in 1.0..=1_000_000.0;
        /// Requests that may leave at once after a pause; the others of a minute are spread over it, so that
        /// urgent work finds room. No 60 seconds have more than `limits.requests_per_minute`, these included.
        burst: u32 = "5" in 1.0..=100_000.0;
    }

    /// Which model stands behind each tier, and which tier answers which work.
    theirs models: ModelMap {
        /// The exact id of the model for simple work.
        haiku: String = { Model(Tier::Haiku) };
        /// The exact id of the model for ordinary work.
        sonnet: String = { Model(Tier::Sonnet) };
        /// The exact id of the model for complex work.
        opus: String = { Model(Tier::Opus) };
        /// The tier of work that an agent calls `simple`.
        simple: Tier = { TierOf(Effort::Simple) };
        /// The tier of work that an agent calls `standard`.
        standard: Tier = { TierOf(Effort::Standard) };
        /// The tier of work that an agent calls `complex`.
        complex: Tier = { TierOf(Effort::Complex) };
        /// Whether a score of size, tools and priority moves the effort of a request that says none by one, from its
        /// agent's or its action's (`docs/saving.md`). `agents.NAME.by_score` is one agent's own.
        by_score: bool = "false";
    }

    /// What happens while a money window fills up. The brake at 95 % of the day is no setting.
    own pressure: PressureSettings {
        /// Whether a cheaper model answers under pressure, where it is cheaper for the request, where a
        /// conversation begins, and where the agent can do with it.
        downgrade: bool = "true";
        /// Percent of the fullest money window from which on the next lower tier answers.
        one_tier_down_percent: u32 = "80" in 1.0..=1000.0;
        /// Percent of the fullest money window from which on the cheapest tier answers.
        cheapest_percent: u32 = "90" in 1.0..=1000.0;
        /// Whether calls go out at an even burn once a money window is nearly spent: the hour's limit a
        /// sixtieth a minute, what is left of the day (up to the brake) and of the month over the time left.
        throttle: bool = "true";
        /// Percent of a money window from which on they do.
        throttle_percent: u32 = "80" in 1.0..=1000.0;
    }

    /// What is done for the same answer at a lower price.
    own saving: SavingSettings {
        /// Whether the host marks what agents' prompts have in common for the models' prompt caches, for as long as pays by
        /// the prices and by how soon such prompts came again. A request that marks its prompt itself is left as it is.
        prompt_cache: bool = "true";
        /// Whether what an unfinished job will probably ask again is kept in its model's cache by calls of the host's own, of one
        /// token each, where by how late such prompts came again that saves more than it costs. They are within every limit,
        /// and stand in the ledger as (refresh).
        prompt_cache_refresh: bool = "false";
        /// Whether replies are kept, so that the same request of an agent that says that it may be answered so (`cacheable`)
        /// gets the reply that was paid for before, at no cost.
        reply_cache: bool = "true";
        /// Seconds for which a kept reply answers.
        reply_cache_s: u64 = "86400" in 1.0..=31_536_000.0;
        /// Replies that are kept at most; those that were not used for the longest time go first.
        reply_cache_entries: u64 = "10000" in 1.0..=10_000_000.0;
        /// MiB of replies that are kept at most; one that takes more than an eighth of it is not kept.
        reply_cache_mb: u32 = "256" in 1.0..=1_048_576.0;
        /// Whether agents' prompts are sent shorter where they mean the same (`on`: white space, data in JSON, what was sent
        /// before in the same conversation), or also where something is left out (`lossy`: comments in fenced code, middles
        /// of stack traces and long logs; replies say so). Never tools, system, code, or what a request marks itself for the
        /// prompt cache; off by itself for an agent for which it costs more than it saves. A conversation goes on as it began.
        compression: Compression = r#""on""#;
        /// Whether calls of jobs that are marked `economy` go out in Message Batches, at half price; their jobs wait
        /// meanwhile, and hold neither a slot nor memory. Where it is switched off they go out at once.
        batches: bool = "true";
        /// Calls of one batch at most; as soon as so many wait it is made.
        batch_calls: u64 = "1000" in 1.0..=100_000.0;
        /// Seconds that the first call of a batch waits for others, before the batch is made.
        batch_wait_s: u64 = "300" in 0.0..=86_400.0;
        /// Seconds between two looks at how a batch stands; more where Claude asks for that.
        batch_look_s: u64 = "60" in 1.0..=3_600.0;
    }

    /// What tokens cost.
    own prices: PricesSettings {
        /// A price table of your own (TOML); its rows win over the built-in ones. Empty: only those.
        file: Option<PathBuf> = r#""""#;
    }

    /// Where days and months begin.
    own time: TimeSettings {
        /// The time zone of the day and month windows, by its IANA name.
        zone: TimeZone = r#""UTC""#;
    }

    /// The REST API and the panel.
    own server: ServerSettings {
        /// The address and port to listen on. Anything but loopback can be reached by others: put TLS in
        /// front of it.
        listen: SocketAddr = r#""127.0.0.1:8787""#;
        /// Host names under which it may be reached besides loopback and `listen`; others are refused, so
        /// that no web site can reach the panel by DNS rebinding.
        allowed_hosts: Vec<String> = "[]";
        /// The address under which people reach it, where a proxy stands before it: `https://anvil.example.com`.
        /// Links in alerts begin with it, its host name is allowed, and with https the login's cookie is sent
        /// over TLS alone (as it is where the proxy sends `X-Forwarded-Proto: https`).
        public_url: Option<PublicUrl> = r#""""#;
        /// The largest body of a request, such as a job with its payload, in bytes.
        max_body_bytes: u64 = "1048576" in 1024.0..=1_073_741_824.0;
        /// Seconds that calls under way may take to end when the host is told to stop; what they answer is kept. What is
        /// not over by then is cut and counts as spent at its hold. A second signal cuts at once. Whatever stops the host
        /// (systemd, a container's runtime) has to wait some ten seconds longer.
        stop_patience_s: u64 = "60" in 0.0..=3_600.0;
    }

    /// What survives a restart.
    own data: DataSettings {
        /// The folder of jobs, ledger, journals, artifacts and the token. Relative to where anvil is started.
        dir: PathBuf = r#""anvil-data""#;
    }

    /// The host's log, on standard error. How much it says is not a setting: `ANVIL_LOG` says it, as a level
    /// (off, error, warn, info, debug, trace; without it: info), for all or for each room
    /// (`info,gateway=debug`). No level shows a secret, a prompt or a reply.
    own log: LogSettings {
        /// How it is written: `human`, a line for people, or `json`, an object on each line.
        format: LogFormat = r#""human""#;
    }

    /// Agents.
    own plugins: PluginsSettings {
        /// The folder of the plugins; it is watched. Relative to where anvil is started.
        dir: PathBuf = r#""plugins/dist""#;
        /// Versions of one agent that are kept besides the one in force, so that a person can go back to them. What an
        /// unfinished job goes on on is kept in any case.
        keep_versions: u32 = "5" in 0.0..=1_000.0;
        /// MiB of all of these together; those go first that came first.
        keep_mb: u32 = "1024" in 0.0..=1_048_576.0;
        /// Runs that break on one version (traps and broken limits but for time by the wall) within `quarantine_minutes`,
        /// whatever their input, until it is set aside and the version before it takes over. 0: never.
        quarantine_traps: u32 = "30" in 0.0..=10_000.0;
        /// Minutes for which a run that broke counts.
        quarantine_minutes: u32 = "10" in 1.0..=10_080.0;
        /// MiB of compiled code that are kept; what was not used for longest goes first, and never what is in force or
        /// what an unfinished job goes on on.
        compiled_mb: u32 = "4096" in 0.0..=1_048_576.0;
    }

    /// Calls to Claude. Key and address are not settings: they come from `ANTHROPIC_API_KEY` and
    /// `ANTHROPIC_BASE_URL`.
    own upstream: UpstreamSettings {
        /// What stands behind the address: `live` bills, `simulated` does not. Empty: live where there is
        /// an API key, else the built-in simulator. Simulated money fills no real window; to a simulated
        /// upstream the key is never sent.
        kind: Option<UpstreamKind> = r#""""#;
        /// Seconds to connect.
        connect_timeout_s: u64 = "10" in 1.0..=600.0;
        /// Seconds until the first byte of an answer.
        first_byte_timeout_s: u64 = "120" in 1.0..=3_600.0;
        /// Seconds between two events of a stream.
        idle_timeout_s: u64 = "60" in 1.0..=3_600.0;
        /// Seconds for one call, from sending to the last byte.
        call_timeout_s: u64 = "600" in 1.0..=86_400.0;
        /// Seconds for which a cancelled call is read on, to learn what it really cost.
        drain_s: u64 = "60" in 0.0..=3_600.0;
        /// Further tries of a call that failed where nothing can have been billed.
        retries: u32 = "3" in 0.0..=20.0;
        /// Failures in a row (no connection, 5xx, no answer in time) after which no call goes out for a
        /// while; jobs wait. 0: never; a job whose own call failed beyond `retries` waits all the same.
        circuit_failures: u32 = "5" in 0.0..=1_000.0;
        /// Seconds until one call tries again, and that a job waits whose own call failed beyond `retries`.
        circuit_open_s: u64 = "60" in 1.0..=3_600.0;
    }

    /// How jobs run.
    own jobs: JobsSettings {
        /// Attempts in all, where the agent itself fails. Waiting and restarts of the host use up none.
        max_attempts: u32 = "3" in 1.0..=100.0;
        /// Seconds before the second attempt; × 1.5 before each further one, with jitter.
        backoff_s: f64 = "2.0" in 0.0..=3_600.0;
        /// Seconds after which a host that gives no sign has lost its jobs.
        lease_s: u64 = "15" in 1.0..=3_600.0;
        /// Seconds between two signs of life.
        heartbeat_s: u64 = "5" in 1.0..=1_800.0;
        /// Seconds that an attempt may compute.
        cpu_s: u64 = "15" in 1.0..=86_400.0;
        /// Seconds that an attempt may take; waiting for Claude, pace or money does not count.
        wall_s: u64 = "60" in 1.0..=604_800.0;
        /// Calls that one job may make.
        calls: u32 = "50" in 1.0..=100_000.0;
        /// Calls that one job may have under way at once.
        calls_parallel: u32 = "8" in 1.0..=256.0;
        /// Files that a job may be submitted with.
        input_files: u32 = "32" in 0.0..=256.0;
        /// Bytes of one of them. An agent reads it whole: what is larger than its memory ends it.
        input_file_bytes: u64 = "16777216" in 0.0..=1_073_741_824.0;
        /// Bytes of all of them together.
        input_bytes: u64 = "67108864" in 0.0..=4_294_967_296.0;
        /// Whether agents that say of themselves that they have tool loops are given a task budget from what their job
        /// may spend, so that Claude winds up in time; only for models that take one.
        task_budget: bool = "true";
        /// Percent of the queue's places that the unfinished jobs of one agent may fill, so that it cannot fill
        /// it for all. 100: all of them. `agents.NAME.queue_percent` is one agent's own.
        agent_queue_percent: u32 = "100" in 1.0..=100.0;
        /// Percent of the queue's places that the unfinished jobs of one schedule may fill, likewise.
        schedule_queue_percent: u32 = "100" in 1.0..=100.0;
    }

    /// Questions that agents ask people, and how people are told of them.
    own people: PeopleSettings {
        /// Questions of one job that may be open at once.
        open_of_job: u64 = "5" in 1.0..=10_000.0;
        /// Questions of all jobs of one agent that may be open at once.
        open_of_agent: u64 = "50" in 1.0..=1_000_000.0;
        /// Seconds for which questions of one agent are gathered before webhooks are told of them: those that come
        /// within that time are one message.
        ring_after_s: u64 = "10" in 0.0..=86_400.0;
        /// Seconds between two messages that tell of questions of one agent, at least.
        ring_every_s: u64 = "300" in 0.0..=86_400.0;
        /// Hours for which a link that answers a question is good. Links are sent where `server.public_url` says
        /// where people reach the host; each answers one question, once.
        link_hours: u64 = "1080" in 1.0..=8_784.0;
    }

    /// How long the past is kept. What is older, or more, is taken out a little at a time; what something
    /// unfinished needs stays. Ledger entries are kept for ever, and with them every sum.
    own retention: RetentionSettings {
        /// Days for which a finished job is kept, with payload, result, attempts, journal, log, files and
        /// events; its idempotency key is free after that.
        finished_days: u32 = "90" in 1.0..=36_500.0;
        /// The most finished jobs that are kept; those go first that finished first.
        finished_jobs: u64 = "1000000" in 1.0..=1_000_000_000.0;
        /// Days for which a resolved alert is kept, with what was sent of it.
        alerts_days: u32 = "90" in 1.0..=36_500.0;
    }

    /// What an agent may use. Each attempt has all of it to itself.
    own sandbox: SandboxSettings {
        /// MiB of memory, summed over all memories of the plugin.
        memory_mb: u32 = "256" in 1.0..=65_536.0;
        /// Elements of a table.
        table_elements: u32 = "100000" in 1.0..=10_000_000.0;
        /// Core instances in one component; memories and tables likewise, but never more than 8 memories and 16
        /// tables.
        instances: u32 = "50" in 1.0..=10_000.0;
        /// KiB of stack.
        stack_kb: u32 = "1024" in 64.0..=65_536.0;
        /// Lines of a job's log; what comes after is dropped, and the log says so.
        log_lines: u32 = "10000" in 1.0..=10_000_000.0;
        /// Bytes of a job's log, likewise.
        log_bytes: u64 = "4194304" in 1024.0..=1_073_741_824.0;
        /// Files that a job may hand over.
        artifacts: u32 = "256" in 0.0..=100_000.0;
        /// Bytes of all files that a job hands over.
        artifact_bytes: u64 = "67108864" in 0.0..=17_179_869_184.0;
        /// Keys that an agent may keep beyond its jobs. `agents.NAME.state_keys` is one agent's own.
        state_keys: u32 = "1000" in 0.0..=1_000_000.0;
        /// Bytes of keys and values that it may keep, likewise (`agents.NAME.state_bytes`).
        state_bytes: u64 = "4194304" in 0.0..=1_073_741_824.0;
        /// Bytes of one value that crosses between host and plugin: a payload, a request, a result, a file.
        value_bytes: u64 = "8388608" in 1024.0..=1_073_741_824.0;
        /// Handles that a plugin may hold at once.
        resources: u32 = "1000" in 16.0..=1_000_000.0;
        /// MiB of a plugin's file.
        plugin_file_mb: u32 = "64" in 1.0..=4_096.0;
        /// Seconds to compile a plugin.
        compile_s: u64 = "180" in 1.0..=3_600.0;
        /// MiB of memory to compile a plugin.
        compile_memory_mb: u32 = "2048" in 64.0..=65_536.0;
        /// Seconds for a plugin to describe itself.
        describe_s: u64 = "5" in 1.0..=600.0;
    }

    /// The built-in simulator, which answers where there is no API key.
    own simulator: SimulatorSettings {
        /// Milliseconds until the first byte of an answer.
        latency_ms: u64 = "400" in 0.0..=600_000.0;
        /// Milliseconds for each token of an answer.
        stream_ms_per_token: f64 = "4.0" in 0.0..=10_000.0;
    }
}
