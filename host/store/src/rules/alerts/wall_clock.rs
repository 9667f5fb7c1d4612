//! The wall's clock beside the ledger's: a jump is bridged, and told.

use crate::rules::alerts;
use crate::rules::tx::Tx;
use crate::{NewAlert, StoreError};
use anvil_types::{AlertKind, Timestamp};
use std::time::Duration;

/// How far the two may be apart. Smaller steps are what time servers do.
const APART: Duration = Duration::from_secs(30);

/// Tells people while the wall's clock and the ledger's are apart.
pub(crate) fn look(tx: &mut Tx<'_>, wall: Option<Timestamp>) -> Result<(), StoreError> {
    let Some(wall) = wall else { return Ok(()) };
    let upstream = tx.policy.upstream;
    let key = format!("clock_jump:{}", upstream.name());
    let (ahead, behind) = (wall.since(tx.now), tx.now.since(wall));
    let apart = ahead.max(behind);
    if apart < APART {
        return alerts::resolve(tx, upstream, &key).map(drop);
    }
    let windows = tx.policy.windows();
    let what_to_do = if ahead > behind {
        "Windows go by the ledger's time. If the wall's clock is right (the machine may have slept), restart the \
         host to take its time over; if it is wrong, set it right"
    } else {
        "Windows go by the ledger's time, which never runs backwards, until the wall's clock has caught up. If the \
         wall's clock is wrong, set it right; if the ledger's is (the host was started once with a wrong clock), set it \
         back: anvil clock set-back"
    };
    let alert = NewAlert {
        upstream,
        kind: AlertKind::ClockJump,
        key,
        crossing: None,
        title: "the wall's clock has jumped".to_owned(),
        detail: format!(
            "The wall's clock says {}, the ledger's {}: {} seconds apart. {what_to_do}.",
            windows.local(wall),
            windows.local(tx.now),
            apart.as_secs(),
        ),
    };
    alerts::raise(tx, &alert).map(drop)
}
