//! Whoever waits for a call, and may go.

use tokio::sync::{mpsc, oneshot};

/// Somebody waits for a call: when nobody does any more it leaves the queue, or is drained for a bounded time.
pub(crate) trait Watcher: Send {
    /// Until nobody waits.
    fn gone(&mut self) -> impl Future<Output = ()> + Send;

    /// Whether nobody waits.
    fn is_gone(&self) -> bool;
}

impl<T: Send> Watcher for oneshot::Sender<T> {
    async fn gone(&mut self) {
        self.closed().await;
    }

    fn is_gone(&self) -> bool {
        self.is_closed()
    }
}

impl<T: Send> Watcher for mpsc::UnboundedSender<T> {
    async fn gone(&mut self) {
        self.closed().await;
    }

    fn is_gone(&self) -> bool {
        self.is_closed()
    }
}
