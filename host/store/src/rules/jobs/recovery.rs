//! What a start does before anything else: it ends what the host's earlier lives left behind.

use crate::engine::{Id, meta, params, set_meta};
use crate::rules::hosts;
use crate::rules::jobs::finish;
use crate::rules::jobs::row::{JobHead, heads, select_heads};
use crate::rules::jobs::transition::{self, Move};
use crate::rules::jobs::turns;
use crate::rules::money::{brake, limits, zone};
use crate::rules::tx::Tx;
use crate::{Recovered, StoreError};
use anvil_budget::urgency::MOST_OVERTAKING;
use anvil_types::words::JobFault;
use anvil_types::{AtCrash, JobEvent, Limits, UpstreamKind};

/// Jobs of earlier lives whose call waited for pace or money.
const WAITED: &str = "SELECT seq FROM jobs
    WHERE state = 'running' AND upstream = ?3 AND host = ?1 AND boot <> ?2 AND asks = 1 AND held = 0";

/// Whether a job of an earlier life is no critical one.
const HAD_ITS_TURN: &str = "SELECT 1 FROM jobs
    WHERE state = 'running' AND upstream = ?3 AND host = ?1 AND boot <> ?2 AND priority > 0 LIMIT 1";

/// The key of the limits that were in force last for an upstream, in `meta`.
fn last_limits(upstream: UpstreamKind) -> &'static str {
    match upstream {
        UpstreamKind::Live => "last_limits:live",
        UpstreamKind::Simulated => "last_limits:simulated",
    }
}

/// Voids the leases of this host's earlier lives that asked the same upstream (what another left waits for its
/// own next start, and for its own time), settles their holds as unknown, and judges brake and limits anew. What
/// another host has in its hands is left to it.
pub(crate) fn recover(tx: &mut Tx<'_>) -> Result<Recovered, StoreError> {
    hosts::agree(tx)?;
    hosts::renew(tx)?;
    zone::rebuild_for_zone(tx.db, tx.policy, tx.now)?;
    tx.policy.began = tx.now;
    // Before their holds end: what waited for pace or money had none.
    let waited: Vec<i64> = tx.all(
        WAITED,
        params![tx.policy.host.bytes(), tx.policy.boot.bytes(), tx.policy.upstream.name()],
        |row| row.get(0),
    )?;
    let lives = params![tx.policy.host.bytes(), tx.policy.boot.bytes(), tx.policy.upstream.name()];
    let had_its_turn = tx.first(HAD_ITS_TURN, lives, |_| Ok(()))?.is_some();
    hosts::end_flight_of_nobody(tx)?;
    let mut recovered = Recovered { unknown_holds: hosts::sweep(tx)?, ..Recovered::default() };
    let running = heads(
        tx,
        select_heads!("WHERE state = 'running' AND upstream = ?3 AND host = ?1 AND boot <> ?2 ORDER BY seq"),
        params![tx.policy.host.bytes(), tx.policy.boot.bytes(), tx.policy.upstream.name()],
    )?;
    let at_work = running.iter().filter(|job| !waited.contains(&job.seq)).count();
    for job in &running {
        let was = match (waited.contains(&job.seq), at_work) {
            (true, _) => AtCrash::Waiting,
            (false, 1) => AtCrash::Alone,
            (false, _) => AtCrash::AmongOthers,
        };
        if requeue(tx, job, was)? {
            recovered.requeued += 1;
        } else {
            recovered.poisoned += 1;
        }
    }
    if had_its_turn {
        // The crash took it away: it stands behind no other nine.
        turns::overtaken(tx, MOST_OVERTAKING)?;
    }
    hosts::release_waiting(tx)?;
    let force = tx.policy.force.clone();
    let before = meta::<String>(tx.db, last_limits(tx.policy.upstream))?
        .and_then(|text| serde_json::from_str::<Limits>(&text).ok())
        .unwrap_or_else(|| force.limits.clone());
    limits::apply(tx, &before)?;
    remember_limits(tx)?;
    if !tx.policy.brake().engaged() {
        brake::after_release(tx)?;
    }
    Ok(recovered)
}

/// Keeps the limits in force, so that the next start knows whether the settings have changed them.
pub(crate) fn remember_limits(tx: &Tx<'_>) -> Result<(), StoreError> {
    let limits = serde_json::to_string(&tx.policy.force.limits)
        .map_err(|error| StoreError::Backend(Box::new(error)))?;
    set_meta(tx.db, last_limits(tx.policy.upstream), limits)
}

/// Puts a job back into the queue; gives it up where it brings the host down again and again.
fn requeue(tx: &mut Tx<'_>, job: &JobHead, was: AtCrash) -> Result<bool, StoreError> {
    let crashes = was.counted(job.crashes);
    tx.run("UPDATE jobs SET crashes = ?2 WHERE seq = ?1", params![job.seq, crashes])?;
    if was.is_poison(job.crashes) {
        finish::fail(tx, job, &JobFault::Poison { crashes }.into())?;
        return Ok(false);
    }
    transition::go(tx, job, JobEvent::LeaseLost, &Move::default())?;
    Ok(true)
}
