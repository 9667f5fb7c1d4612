//! Waiting for something to become true.

use std::time::{Duration, Instant};

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(30);

/// Looks until `look` finds something, and gives up after `within`. `what` completes the sentence "… in time".
pub(crate) async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < within, "{what}: not in time, which is {within:?}");
        tokio::time::sleep(LOOK).await;
    }
}
