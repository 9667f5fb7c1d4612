//! The wall's clock beside the ledger's: a jump is bridged, and told.

use crate::rules::alerts;
use crate::rules::tx::Tx;
use crate::{NewAlert, StoreError};
use anvil_types::Timestamp;
use anvil_types::words::{AlertCause, AlertKey, ClockJump, WallStands};
use std::time::Duration;

/// How far the two may be apart. Smaller steps are what time servers do.
const APART: Duration = Duration::from_secs(30);

/// Tells people while the wall's clock and the ledger's are apart.
pub(crate) fn look(tx: &mut Tx<'_>, wall: Option<Timestamp>) -> Result<(), StoreError> {
    let Some(wall) = wall else { return Ok(()) };
    let upstream = tx.policy.upstream;
    let (ahead, behind) = (wall.since(tx.now), tx.now.since(wall));
    let apart = ahead.max(behind);
    if apart < APART {
        return alerts::resolve(tx, upstream, &AlertKey::ClockJump(upstream)).map(drop);
    }
    let windows = tx.policy.windows();
    let jump = ClockJump {
        stands: if ahead > behind { WallStands::Ahead } else { WallStands::Behind },
        wall: &windows.local(wall),
        ledger: &windows.local(tx.now),
        apart,
    };
    let alert = NewAlert::of(upstream, &AlertCause::ClockJump(jump));
    alerts::raise(tx, &alert).map(drop)
}
