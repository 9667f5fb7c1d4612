//! What the writer knows by heart: the limits in force, the brake, and the account that both are judged by.

use super::options::QueueShares;
use super::{brake, evaluate, limits, scope_limits, week};
use crate::engine::Db;
use crate::{BrakeState, LimitsInForce, StoreError};
use anvil_budget::{Account, BrakeCause, LimitsRule, WindowLimits, Windows};
use anvil_types::{BootId, HostId, Limits, LimitsPatch, Nanodollars, Scope, Timestamp, UpstreamKind};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many attempts a job has where nobody says.
const ATTEMPTS: u32 = 3;

/// A cause of the brake, with the upstream that it stops; all of them where none is named.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Raised {
    pub(super) upstream: Option<UpstreamKind>,
    pub(super) cause: BrakeCause,
}

/// What the writer knows by heart of its own database, so that a hold need not ask for it. The tables
/// stay the truth: after a rollback it is read anew.
#[derive(Debug)]
pub(super) struct Policy {
    /// This host.
    pub(super) host: HostId,
    /// This life of it.
    pub(super) boot: BootId,
    /// The upstream that this host asks.
    pub(super) upstream: UpstreamKind,
    /// How many attempts a job has.
    pub(super) max_attempts: u32,
    /// The shares of the queue.
    pub(super) shares: QueueShares,
    /// When this life began.
    pub(super) began: Timestamp,
    /// The limits of the settings.
    pub(super) base: Limits,
    /// What limits may be at most.
    pub(super) rule: Arc<dyn LimitsRule>,
    /// The limits in force.
    pub(super) force: Arc<LimitsInForce>,
    /// The brake's causes.
    pub(super) raised: Vec<Raised>,
    /// For which day a person has ended the day's cause.
    pub(super) muted: Vec<(UpstreamKind, Timestamp)>,
    /// Whether the limits or the brake were touched since this was last cleared.
    pub(super) touched: bool,
    /// Critical jobs in a row that have overtaken others.
    pub(super) overtakes: u32,
    /// When limits were last changed, or a correction made room, in this life.
    pub(super) limits_changed_at: Timestamp,
    /// When jobs that wait for an agent were last put back into the queue, in this life: by its name, and
    /// under no name where all were.
    pub(super) agents_came_at: BTreeMap<String, Timestamp>,
    /// All that a grant and a threshold are judged by.
    pub(super) account: Account,
    /// What is held of an upstream, once it was asked for.
    pub(super) held: BTreeMap<UpstreamKind, Nanodollars>,
    /// How many holds of an upstream stand, once it was asked for: one of nothing is a call under way too.
    pub(super) flying: BTreeMap<UpstreamKind, u64>,
    /// How many ids were made in this life: two of one moment and one purpose differ by it.
    pub(super) made: Cell<u64>,
    /// Whether money moved in the account since this was last cleared.
    pub(super) moved: bool,
}

impl Policy {
    /// What a host starts with; [`Policy::reload`] reads the rest.
    pub(super) fn new(
        host: HostId,
        boot: BootId,
        upstream: UpstreamKind,
        windows: Windows,
        base: Limits,
        rule: Arc<dyn LimitsRule>,
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
            max_attempts: ATTEMPTS,
            shares: QueueShares::default(),
            began: Timestamp::default(),
            base,
            rule,
            force,
            raised: Vec::new(),
            muted: Vec::new(),
            touched: true,
            overtakes: 0,
            limits_changed_at: Timestamp::default(),
            agents_came_at: BTreeMap::new(),
            account: Account::new(windows),
            held: BTreeMap::new(),
            flying: BTreeMap::new(),
            made: Cell::new(0),
            moved: false,
        }
    }

    /// Reads everything from the tables; the account's pages are opened when they are needed.
    pub(super) fn reload(&mut self, db: &Db) -> Result<(), StoreError> {
        self.load_limits(db)?;
        (self.raised, self.muted) = brake::load(db)?;
        self.account.books.close();
        self.held.clear();
        self.flying.clear();
        self.account.watches = evaluate::load(db)?;
        self.account.weeks = week::load(db)?;
        self.touched = true;
        Ok(())
    }

    /// Reads the limits in force, everything's and each scope's.
    pub(super) fn load_limits(&mut self, db: &Db) -> Result<(), StoreError> {
        self.force = Arc::new(limits::load(db, self.upstream, &self.base, &*self.rule)?);
        let limits = &self.force.limits;
        let everything = WindowLimits {
            hour: Some(limits.hour_usd),
            day: Some(limits.day_usd),
            month: Some(limits.month_usd),
        };
        self.account.week_hours = limits.week_hours;
        self.account.limits = scope_limits::load(db, self.upstream)?;
        self.account.limits.insert(Scope::All, everything);
        Ok(())
    }

    /// Where windows begin and end.
    pub(super) fn windows(&self) -> &Windows {
        self.account.calendar.windows()
    }

    /// The causes that stop calls to this upstream.
    pub(super) fn causes(&self, upstream: UpstreamKind) -> Vec<BrakeCause> {
        let stops = |raised: &&Raised| raised.upstream.is_none_or(|one| one == upstream);
        self.raised.iter().filter(stops).map(|raised| raised.cause.clone()).collect()
    }

    /// The brake as this host's people see it.
    pub(super) fn brake(&self) -> BrakeState {
        BrakeState { causes: self.causes(self.upstream) }
    }
}
