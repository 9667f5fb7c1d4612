//! What an alert is about, for as long as that lasts.

use crate::{AlertWindow, BrakeCauseKind, Scope, Timestamp, UpstreamKind};
use std::fmt;

/// By this an alert is known: while one with the same key is open, no other fires, and whoever sees that its cause is
/// gone resolves it by the key. Keys are stored, so that what is open outlives the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKey<'a> {
    /// A share of a limit.
    Threshold {
        /// Whose money it is.
        upstream: UpstreamKind,
        /// Whose limit.
        scope: &'a Scope,
        /// Of which window.
        window: AlertWindow,
        /// The share, in percent.
        percent: u8,
    },
    /// A share of a limit in a window that was over when it was reached.
    LateThreshold {
        /// Whose limit.
        scope: &'a Scope,
        /// Of which window.
        window: AlertWindow,
        /// The first instant of the window's instance.
        start: Timestamp,
        /// The share, in percent.
        percent: u8,
    },
    /// A cause of the brake.
    Brake {
        /// Its kind.
        cause: BrakeCauseKind,
        /// Whose calls it stops; everybody's where none is named.
        of: Option<UpstreamKind>,
    },
    /// Calls of a model that cost more than was held for them, in an hour.
    BoundBroken {
        /// Whose money it is.
        upstream: UpstreamKind,
        /// The model that was asked.
        model: &'a str,
        /// A moment of the hour.
        at: Timestamp,
    },
    /// Answers without a price, in an hour.
    Unpriced {
        /// Whose money it is.
        upstream: UpstreamKind,
        /// What has no price.
        what: &'a str,
        /// A moment of the hour.
        at: Timestamp,
    },
    /// A limit that is not in force as it was set.
    LimitCut(&'a str),
    /// A price that is not in force.
    Price(&'a str),
    /// What was set before upstreams were kept apart.
    Apart,
    /// Calls that are kept back since Claude does not answer.
    Circuit {
        /// Who does not answer.
        upstream: UpstreamKind,
        /// For which model alone, where it is one.
        model: Option<&'a str>,
    },
    /// Calls that are refused for their pace.
    Pace(UpstreamKind),
    /// A batch of which nothing is heard.
    BatchUnheard {
        /// Whose it is.
        upstream: UpstreamKind,
        /// Its number.
        batch: u64,
    },
    /// The wall's clock and the ledger's are apart.
    ClockJump(UpstreamKind),
    /// Jobs that the host cannot go on with.
    JobTrouble(UpstreamKind),
    /// A job that all others wait for.
    RunsAlone(UpstreamKind),
    /// A part of the host, by its name.
    Part(&'a str),
    /// The plugins folder itself.
    PluginsFolder,
    /// A plugin, by its file.
    Plugin(&'a str),
    /// A file whose agent another file is, by its name.
    Shadowed(&'a str),
    /// A version of an agent that is set aside.
    Quarantine {
        /// Whose jobs broke on it.
        upstream: UpstreamKind,
        /// The agent.
        agent: &'a str,
    },
    /// Questions of an agent that are told of together.
    AgentAsks {
        /// Whose agent it is.
        upstream: UpstreamKind,
        /// Who asks.
        asker: &'a str,
        /// When the message goes out.
        rings_at: Timestamp,
    },
    /// A webhook that was switched off, by its name.
    Webhook(&'a str),
    /// A webhook that is tested, by its name.
    WebhookTest(&'a str),
}

impl fmt::Display for AlertKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Threshold { upstream, scope, window, percent } => {
                write!(f, "threshold:{upstream}:{scope}:{}:{percent}", window.name())
            }
            Self::LateThreshold { scope, window, start, percent } => {
                write!(f, "threshold:late:{scope}:{}:{}:{percent}", window.name(), start.micros())
            }
            Self::Brake { cause, of } => {
                write!(f, "brake:{}:{}", cause.name(), of.map_or("", UpstreamKind::name))
            }
            Self::BoundBroken { upstream, model, at } => {
                write!(f, "bound_broken:{upstream}:{model}:{}", hour(*at))
            }
            Self::Unpriced { upstream, what, at } => write!(f, "unpriced:{upstream}:{what}:{}", hour(*at)),
            Self::LimitCut(name) => write!(f, "limit_cut:{name}"),
            Self::Price(id) => write!(f, "price:{id}"),
            Self::Apart => f.write_str("apart"),
            Self::Circuit { upstream, model: None } => write!(f, "circuit:{upstream}"),
            Self::Circuit { upstream, model: Some(model) } => write!(f, "circuit:{upstream}:{model}"),
            Self::Pace(upstream) => write!(f, "pace:{upstream}"),
            Self::BatchUnheard { upstream, batch } => write!(f, "batch:{upstream}:{batch}"),
            Self::ClockJump(upstream) => write!(f, "clock_jump:{upstream}"),
            Self::JobTrouble(upstream) => write!(f, "job_trouble:{upstream}"),
            Self::RunsAlone(upstream) => write!(f, "alone:{upstream}"),
            Self::Part(name) => write!(f, "host:{name}"),
            Self::PluginsFolder => f.write_str("plugins-folder"),
            Self::Plugin(file) => write!(f, "plugin:{file}"),
            Self::Shadowed(file) => write!(f, "shadowed:{file}"),
            Self::Quarantine { upstream, agent } => write!(f, "quarantine:{upstream}:{agent}"),
            Self::AgentAsks { upstream, asker, rings_at } => {
                write!(f, "question:{upstream}:{asker}:{}", rings_at.micros())
            }
            Self::Webhook(name) => write!(f, "webhook:{name}"),
            Self::WebhookTest(name) => write!(f, "test:{name}"),
        }
    }
}

/// The number of an hour.
fn hour(at: Timestamp) -> i64 {
    at.micros().div_euclid(3_600_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use UpstreamKind::{Live, Simulated};

    #[test]
    fn keys_stay_as_they_are_stored() {
        let (all, writer) = (Scope::All, Scope::Agent("writer".to_owned()));
        let at = Timestamp::from_secs(1_795_442_712);
        let day = AlertWindow::Day;
        let (model, what) = ("claude-haiku-5-5", "the model `x`");
        let of_model = AlertKey::Circuit { upstream: Live, model: Some(model) };
        for (key, stored) in [
            (
                AlertKey::Threshold { upstream: Simulated, scope: &writer, window: day, percent: 80 },
                "threshold:simulated:agent:writer:day:80",
            ),
            (
                AlertKey::LateThreshold { scope: &all, window: day, start: at, percent: 50 },
                "threshold:late:all:day:1795442712000000:50",
            ),
            (AlertKey::Brake { cause: BrakeCauseKind::SpendCap, of: Some(Live) }, "brake:spend_cap:live"),
            (AlertKey::Brake { cause: BrakeCauseKind::Person, of: None }, "brake:person:"),
            (
                AlertKey::BoundBroken { upstream: Live, model, at },
                "bound_broken:live:claude-haiku-5-5:498734",
            ),
            (AlertKey::Unpriced { upstream: Live, what, at }, "unpriced:live:the model `x`:498734"),
            (AlertKey::LimitCut("hour_usd"), "limit_cut:hour_usd"),
            (AlertKey::Price("x"), "price:x"),
            (AlertKey::Apart, "apart"),
            (AlertKey::Circuit { upstream: Simulated, model: None }, "circuit:simulated"),
            (of_model, "circuit:live:claude-haiku-5-5"),
            (AlertKey::Pace(Live), "pace:live"),
            (AlertKey::BatchUnheard { upstream: Live, batch: 7 }, "batch:live:7"),
            (AlertKey::ClockJump(Live), "clock_jump:live"),
            (AlertKey::JobTrouble(Simulated), "job_trouble:simulated"),
            (AlertKey::RunsAlone(Live), "alone:live"),
            (AlertKey::Part("retention"), "host:retention"),
            (AlertKey::PluginsFolder, "plugins-folder"),
            (AlertKey::Plugin("a.wasm"), "plugin:a.wasm"),
            (AlertKey::Quarantine { upstream: Live, agent: "writer" }, "quarantine:live:writer"),
            (
                AlertKey::AgentAsks { upstream: Live, asker: "writer", rings_at: at },
                "question:live:writer:1795442712000000",
            ),
            (AlertKey::Webhook("ops"), "webhook:ops"),
            (AlertKey::WebhookTest("ops"), "test:ops"),
        ] {
            assert_eq!(key.to_string(), stored);
        }
    }
}
