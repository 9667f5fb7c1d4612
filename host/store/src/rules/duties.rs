//! What one host does for all that work on this database: each alert is delivered and each old job taken out by one
//! of them. Who does it keeps it for as long as its lease runs; another takes it over at a look afterwards.

use crate::StoreError;
use crate::engine::{Db, Id, params};
use crate::rules::tx::Tx;
use anvil_types::{EventKind, HostId, UpstreamKind};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Sending alerts to webhooks.
    Deliveries,
    /// Taking out what is old.
    Retention,
    /// Sending batches, and reading what became of them.
    Batches,
}

impl Duty {
    const ALL: [Self; 3] = [Self::Deliveries, Self::Retention, Self::Batches];

    fn name(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Retention => "retention",
            Self::Batches => "batches",
        }
    }
}

/// Whether it is this host's.
pub(crate) const OURS: &str = "SELECT 1 FROM duties WHERE upstream = ?1 AND duty = ?2 AND host = ?3";

/// Takes what nobody does who lives.
const TAKE: &str = "INSERT INTO duties (upstream, duty, host) VALUES (?1, ?2, ?3)
    ON CONFLICT (upstream, duty) DO UPDATE SET host = excluded.host
    WHERE duties.host <> excluded.host AND NOT EXISTS (
        SELECT 1 FROM hosts
        WHERE hosts.host = duties.host AND hosts.upstream = duties.upstream AND hosts.until > ?4)";

/// Whether a host does it.
pub(crate) fn is_of(db: &Db, upstream: UpstreamKind, host: HostId, duty: Duty) -> Result<bool, StoreError> {
    Ok(db.first(OURS, params![upstream.name(), duty.name(), host.bytes()], |_| Ok(()))?.is_some())
}

/// Takes over what nobody does who lives.
pub(crate) fn take(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let (upstream, host, now) = (tx.policy.upstream, tx.policy.host, tx.now.micros());
    for duty in Duty::ALL {
        let taken = tx.run(TAKE, params![upstream.name(), duty.name(), host.bytes(), now])? > 0;
        if taken && duty == Duty::Deliveries {
            wake_deliveries(tx)?;
        }
    }
    Ok(())
}

/// Whoever sends alerts looks again at what is owed.
fn wake_deliveries(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let owed = "SELECT DISTINCT webhook FROM deliveries WHERE state = 'pending' AND upstream = ?1";
    for name in tx.all(owed, [tx.policy.upstream.name()], |row| row.get::<String>(0))? {
        tx.tell(None, EventKind::Webhook { name });
    }
    Ok(())
}
