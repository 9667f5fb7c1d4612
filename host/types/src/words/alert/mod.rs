//! Alerts: all that people can be told of, with the key, the title and the sentences of each. They stand here and
//! nowhere else.
//!
//! Whoever sees that something is the matter names it by one of these words with what belongs to it. A time is handed in
//! as people of the host's zone read it.

mod clock;
mod host;
mod key;
mod limits;
mod money;
mod people;
mod plugins;
mod text;
mod threshold;
mod upstream;
mod webhook;

pub use clock::{ClockJump, WallStands};
pub use host::{JobTrouble, PartFell, RunsAlone};
pub use key::AlertKey;
pub use limits::{LimitCutDown, PriceDropped, SetApart};
pub use money::{AnswerUnpriced, BoundBroken, BrakeEngaged};
pub use people::AgentAsks;
pub use plugins::{AgentQuarantined, NameTaken, PluginDelayed, PluginsFolderGone};
pub use threshold::{LateThreshold, ThresholdReached, Used};
pub use upstream::{BatchUnheard, CallsHeldBack, CallsTooFast};
pub use webhook::{WebhookGone, WebhookTest};

use crate::{AlertKind, Crossing, UpstreamKind};
use text::AlertText;

/// What people are told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertCause<'a> {
    /// A share of a limit is reached.
    Threshold(&'a ThresholdReached),
    /// A share of a limit was reached in a window that is over.
    LateThreshold(LateThreshold<'a>),
    /// The brake is engaged.
    Brake(BrakeEngaged<'a>),
    /// A call cost more than was held for it.
    BoundBroken(BoundBroken<'a>),
    /// An answer has no price.
    Unpriced(AnswerUnpriced<'a>),
    /// A limit is cut down.
    LimitCut(LimitCutDown<'a>),
    /// A price is not in force.
    Price(PriceDropped<'a>),
    /// What was set before upstreams were kept apart is not all in force.
    Apart(SetApart<'a>),
    /// Claude does not answer.
    Circuit(CallsHeldBack<'a>),
    /// Claude takes no calls, for their pace.
    Pace(CallsTooFast<'a>),
    /// What became of a batch cannot be heard.
    BatchUnheard(BatchUnheard<'a>),
    /// The wall's clock and the ledger's are apart.
    ClockJump(ClockJump<'a>),
    /// The host cannot go on with a job.
    JobTrouble(JobTrouble<'a>),
    /// A job runs alone, and all others wait for it.
    RunsAlone(RunsAlone),
    /// A part of the host fell.
    Part(PartFell<'a>),
    /// The plugins folder cannot be read.
    PluginsFolder(PluginsFolderGone<'a>),
    /// A plugin could not be loaded by no fault of its own.
    Plugin(PluginDelayed<'a>),
    /// Two files say that they are one agent.
    Shadowed(NameTaken<'a>),
    /// A version of an agent was set aside.
    Quarantine(AgentQuarantined<'a>),
    /// An agent asks people.
    Asks(AgentAsks<'a>),
    /// A webhook was switched off.
    Webhook(WebhookGone<'a>),
    /// A person tests a webhook.
    Test(WebhookTest<'a>),
}

impl AlertCause<'_> {
    /// What kind of alert it is.
    pub fn kind(&self) -> AlertKind {
        match self {
            Self::Threshold(_) | Self::LateThreshold(_) => AlertKind::Threshold,
            Self::Brake(_) => AlertKind::Brake,
            Self::BoundBroken(_) => AlertKind::BoundBroken,
            Self::Unpriced(_) => AlertKind::Unpriced,
            Self::LimitCut(_) | Self::Price(_) | Self::Apart(_) => AlertKind::Limits,
            Self::Circuit(_) | Self::Pace(_) | Self::BatchUnheard(_) => AlertKind::Circuit,
            Self::ClockJump(_) => AlertKind::ClockJump,
            Self::JobTrouble(_) | Self::RunsAlone(_) => AlertKind::JobTrouble,
            Self::Part(_) => AlertKind::Host,
            Self::PluginsFolder(_) | Self::Plugin(_) | Self::Shadowed(_) | Self::Quarantine(_) => {
                AlertKind::Plugin
            }
            Self::Asks(_) => AlertKind::Question,
            Self::Webhook(_) => AlertKind::Webhook,
            Self::Test(_) => AlertKind::Test,
        }
    }

    /// Which limit, where it is about one.
    pub fn crossing(&self) -> Option<&Crossing> {
        match self {
            Self::Threshold(reached) => Some(&reached.crossing),
            Self::LateThreshold(late) => Some(&late.reached.crossing),
            _ => None,
        }
    }

    /// By what it is known, told of this upstream.
    pub fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        self.text().key(upstream)
    }

    /// One line for people.
    pub fn title(&self) -> String {
        self.text().title()
    }

    /// What happened, what follows, and what is to be done.
    pub fn detail(&self) -> String {
        self.text().detail()
    }

    fn text(&self) -> &dyn AlertText {
        match self {
            Self::Threshold(reached) => *reached,
            Self::LateThreshold(late) => late,
            Self::Brake(brake) => brake,
            Self::BoundBroken(broken) => broken,
            Self::Unpriced(unpriced) => unpriced,
            Self::LimitCut(cut) => cut,
            Self::Price(price) => price,
            Self::Apart(apart) => apart,
            Self::Circuit(held) => held,
            Self::Pace(fast) => fast,
            Self::BatchUnheard(unheard) => unheard,
            Self::ClockJump(jump) => jump,
            Self::JobTrouble(trouble) => trouble,
            Self::RunsAlone(alone) => alone,
            Self::Part(fell) => fell,
            Self::PluginsFolder(folder) => folder,
            Self::Plugin(plugin) => plugin,
            Self::Shadowed(taken) => taken,
            Self::Quarantine(quarantined) => quarantined,
            Self::Asks(asks) => asks,
            Self::Webhook(gone) => gone,
            Self::Test(test) => test,
        }
    }
}
