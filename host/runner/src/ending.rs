//! Writing how an attempt ended: tried until it is written, since the work is done.

use crate::shared::Shared;
use crate::then::Then;
use anvil_store::{Claim, Claimed, Finish, StoreError};
use anvil_types::Lease;
use anvil_types::words::HostTrouble;
use std::time::Duration;

/// The first wait before another try; each further one is twice as long,
const FIRST: Duration = Duration::from_millis(500);
/// up to this.
const LONGEST: Duration = Duration::from_secs(30);
/// After so many tries what cannot be written may be too large for the disk: the job is set aside instead, and
/// comes to the same end again from its journal.
const TRIES: u32 = 5;

/// Writes an attempt's end; answers the job that was taken in its place, where `next` says what may be. While it
/// cannot be written the lease is kept and the slot stays taken: no other job could be begun either.
pub(crate) async fn write(
    shared: &Shared,
    lease: Lease,
    mut then: Then,
    next: impl FnOnce() -> Option<Claim>,
) -> Option<Claimed> {
    let mut next = Some(next);
    let mut tries = 0;
    loop {
        let written = match then.clone() {
            Then::Finish(finish) => {
                // Only the first try takes another job along: it is the fast way.
                match next.take().and_then(|next| next()) {
                    Some(claim) => {
                        shared.store.finish_and_claim(lease, finish, claim).await.map(|mut taken| taken.pop())
                    }
                    None => shared.store.finish(lease, finish).await.map(|_| None),
                }
            }
            Then::Park(wait) => shared.store.park(lease, wait).await.map(|()| None),
            Then::Ask(ask) => {
                shared.store.park_asking(lease, ask.question, ask.position).await.map(|()| None)
            }
            Then::Leave => return None,
        };
        let error = match written {
            Ok(taken) => return taken,
            Err(StoreError::LeaseLost | StoreError::Refused(_) | StoreError::NoSuchJob(_)) => return None,
            // The next start takes it up again.
            Err(StoreError::Closed) => return None,
            Err(error) => error,
        };
        tracing::error!(job = %lease.job, %error, tries, "an attempt's end could not be written; it is tried again");
        tries += 1;
        if tries >= TRIES {
            let why = HostTrouble::EndUnstored(error.to_string()).to_string();
            then = Then::Finish(Finish::Trouble { why });
        }
        tokio::select! {
            () = tokio::time::sleep(wait_of(tries)) => {}
            () = shared.shutdown.cancelled() => return None,
        }
    }
}

fn wait_of(tries: u32) -> Duration {
    FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_a_minute() {
        let waits: Vec<u128> = (1..=8).map(|tries| wait_of(tries).as_millis()).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    }
}
