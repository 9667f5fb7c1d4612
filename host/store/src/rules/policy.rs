//! What the writer knows by heart: the limits in force, the brake, and the account that both are judged by.

use crate::rules::jobs::turns::Turns;
use crate::{BrakeState, LimitsInForce, QueueShares};
use anvil_budget::{Account, BrakeCause, LimitsRule, Windows};
use anvil_types::{BootId, HostId, Limits, LimitsPatch, Nanodollars, PerAgent, Timestamp, UpstreamKind};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A cause of the brake, with the upstream that it stops; all of them where none is named.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raised {
    pub(crate) upstream: Option<UpstreamKind>,
    pub(crate) cause: BrakeCause,
}

/// What the writer knows by heart of its own database, so that a hold need not ask for it. The tables
/// stay the truth: after a rollback it is read anew.
#[derive(Debug)]
pub(crate) struct Policy {
    /// This host.
    pub(crate) host: HostId,
    /// This life of it.
    pub(crate) boot: BootId,
    /// The upstream that this host asks.
    pub(crate) upstream: UpstreamKind,
    /// How many attempts a new job has.
    pub(crate) max_attempts: PerAgent<u32>,
    /// The shares of the queue.
    pub(crate) shares: QueueShares,
    /// When this life began.
    pub(crate) began: Timestamp,
    /// The limits of the settings.
    pub(crate) base: Limits,
    /// What limits may be at most.
    pub(crate) rule: Arc<dyn LimitsRule>,
    /// The limits in force.
    pub(crate) force: Arc<LimitsInForce>,
    /// The brake's causes.
    pub(crate) raised: Vec<Raised>,
    /// For which day a person has ended the day's cause.
    pub(crate) muted: Vec<(UpstreamKind, Timestamp)>,
    /// Whether the limits or the brake were touched since this was last cleared.
    pub(crate) touched: bool,
    /// Whose turn it is.
    pub(crate) turns: Turns,
    /// All that a grant and a threshold are judged by.
    pub(crate) account: Account,
    /// What is held of an upstream, once it was asked for.
    pub(crate) held: BTreeMap<UpstreamKind, Nanodollars>,
    /// How many holds of an upstream stand, once it was asked for: one of nothing is a call under way too.
    pub(crate) flying: BTreeMap<UpstreamKind, u64>,
    /// How many ids were made in this life: two of one moment and one purpose differ by it.
    pub(crate) made: Cell<u64>,
    /// Whether money moved in the account since this was last cleared.
    pub(crate) moved: bool,
}

impl Policy {
    /// What a host starts with; `reload` reads the rest.
    pub(crate) fn new(
        host: HostId,
        boot: BootId,
        upstream: UpstreamKind,
        windows: Windows,
        base: Limits,
        rule: Arc<dyn LimitsRule>,
        max_attempts: PerAgent<u32>,
    ) -> Self {
        let force = Arc::new(LimitsInForce {
            limits: base.clone(),
            changed: LimitsPatch::default(),
            changes: Vec::new(),
            cuts: Vec::new(),
        });
        Self {
            host,
            boot,
            upstream,
            max_attempts,
            shares: QueueShares::default(),
            began: Timestamp::default(),
            base,
            rule,
            force,
            raised: Vec::new(),
            muted: Vec::new(),
            touched: true,
            turns: Turns::default(),
            account: Account::new(windows),
            held: BTreeMap::new(),
            flying: BTreeMap::new(),
            made: Cell::new(0),
            moved: false,
        }
    }

    /// Where windows begin and end.
    pub(crate) fn windows(&self) -> &Windows {
        self.account.calendar.windows()
    }

    /// The causes that stop calls to this upstream.
    pub(crate) fn causes(&self, upstream: UpstreamKind) -> Vec<BrakeCause> {
        let stops = |raised: &&Raised| raised.upstream.is_none_or(|one| one == upstream);
        self.raised.iter().filter(stops).map(|raised| raised.cause.clone()).collect()
    }

    /// The brake as this host's people see it.
    pub(crate) fn brake(&self) -> BrakeState {
        BrakeState { causes: self.causes(self.upstream) }
    }
}
