//! The task that refreshes prompts when their time has come.

use crate::door::GatewayDoor;
use crate::refresh::again::look;
use anvil_types::{Clock, End};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// How long it does nothing where nothing tells it to.
const IDLE: Duration = Duration::from_mins(1);

/// Runs it, for as long as there is a gateway.
pub(crate) async fn run(door: Weak<GatewayDoor>, news: Arc<Notify>, clock: Arc<dyn Clock>) -> End {
    loop {
        let next = {
            let Some(door) = door.upgrade() else { return End::Asked };
            if door.closing.load(Ordering::Relaxed) {
                return End::Asked;
            }
            let due = door.refreshes.take_due(clock.now());
            if !due.is_empty() {
                tokio::spawn(look(door.clone(), due));
            }
            door.refreshes.next().unwrap_or(clock.now() + IDLE)
        };
        tokio::select! {
            () = news.notified() => {}
            () = clock.sleep_until(next) => {}
        }
    }
}
