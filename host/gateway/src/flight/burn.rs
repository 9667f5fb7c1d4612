//! How fast money may go out now.

use crate::door::GatewayDoor;
use anvil_budget::{Burn, even_burn};
use anvil_store::StoreError;

/// How the windows stand; the throttle goes by it from now on.
pub(crate) async fn windows(door: &GatewayDoor) -> Result<[Burn; 3], StoreError> {
    let (store, clock, kind) = (door.store.as_ref(), door.clock.as_ref(), door.config.upstream.kind);
    let windows = door.pressure.windows(store, kind, clock).await?;
    let from = door.config.pressure.throttle;
    let burn = from.and_then(|from| even_burn(&windows, from, clock.now()));
    door.admission.with_throttle(|throttle| throttle.set(burn));
    Ok(windows)
}
