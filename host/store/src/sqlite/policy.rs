//! What the writer knows by heart: the limits in force, the brake, the day and the month.

use super::{brake, limits};
use crate::{BrakeState, LimitsInForce, StoreError};
use anvil_budget::{BrakeCause, WindowSpan, Windows};
use anvil_types::{BootId, HostId, Limits, LimitsPatch, Timestamp, UpstreamKind};
use rusqlite::Connection;
use std::sync::Arc;

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
    /// Where windows begin and end.
    pub(super) windows: Windows,
    /// The limits of the settings.
    pub(super) base: Limits,
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
    day: WindowSpan,
    month: WindowSpan,
}

impl Policy {
    /// What a host starts with; [`Policy::reload`] reads the rest.
    pub(super) fn new(
        host: HostId,
        boot: BootId,
        upstream: UpstreamKind,
        windows: Windows,
        base: Limits,
    ) -> Self {
        let force = Arc::new(LimitsInForce {
            limits: base.clone(),
            changed: LimitsPatch::default(),
            changes: Vec::new(),
        });
        let nothing = WindowSpan { start: Timestamp::default(), end: Timestamp::default() };
        Self {
            host,
            boot,
            upstream,
            windows,
            base,
            force,
            raised: Vec::new(),
            muted: Vec::new(),
            touched: true,
            overtakes: 0,
            day: nothing,
            month: nothing,
        }
    }

    /// Reads limits and brake from the tables.
    pub(super) fn reload(&mut self, conn: &Connection) -> Result<(), StoreError> {
        self.force = Arc::new(limits::load(conn, &self.base)?);
        (self.raised, self.muted) = brake::load(conn)?;
        self.touched = true;
        Ok(())
    }

    /// The day that `time` belongs to.
    pub(super) fn day(&mut self, time: Timestamp) -> WindowSpan {
        if time < self.day.start || time >= self.day.end {
            self.day = self.windows.day(time);
        }
        self.day
    }

    /// The month that `time` belongs to.
    pub(super) fn month(&mut self, time: Timestamp) -> WindowSpan {
        if time < self.month.start || time >= self.month.end {
            self.month = self.windows.month(time);
        }
        self.month
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
