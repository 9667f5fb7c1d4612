//! Calls under way whose reply may answer others: who asks the same meanwhile waits for that.

use crate::config::Upstream;
use anvil_store::ReplyKey;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What the cache of replies goes by.
#[derive(Debug)]
pub(crate) struct Replies {
    /// Of whom is asked, with all of the address.
    pub upstream: [u8; 32],
    pub twins: Twins,
}

impl Replies {
    pub(crate) fn new(upstream: &Upstream) -> Self {
        let mut of = blake3::Hasher::new();
        part(&mut of, upstream.kind.name().as_bytes());
        part(&mut of, upstream.base_url.as_bytes());
        Self { upstream: *of.finalize().as_bytes(), twins: Twins::default() }
    }
}

/// A part of a key.
pub(crate) fn part(of: &mut blake3::Hasher, bytes: &[u8]) {
    // With its length, so that no two parts read as others.
    of.update(&(bytes.len() as u64).to_le_bytes());
    of.update(bytes);
}

/// The calls under way, each with what tells others that it has ended.
#[derive(Debug, Default)]
pub(crate) struct Twins {
    sent: Mutex<HashMap<ReplyKey, watch::Receiver<()>>>,
}

/// A call that others wait for. Dropped when its reply is stored or there is none, whatever ended it.
#[derive(Debug)]
#[must_use]
pub(crate) struct FirstTwin<'t> {
    twins: &'t Twins,
    key: ReplyKey,
    _ended: watch::Sender<()>,
}

/// Watches a call that was sent.
pub(crate) struct SentTwin(watch::Receiver<()>);

impl SentTwin {
    /// Until it has ended.
    pub(crate) async fn ended(mut self) {
        // Nothing is ever sent: the other end goes.
        while self.0.changed().await.is_ok() {}
    }
}

impl Twins {
    fn sent(&self) -> MutexGuard<'_, HashMap<ReplyKey, watch::Receiver<()>>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The call with this key that was sent, if one was.
    pub(crate) fn under_way(&self, key: ReplyKey) -> Option<SentTwin> {
        self.sent().get(&key).cloned().map(SentTwin)
    }

    /// A call with this key is about to be sent; none where another was already.
    pub(crate) fn first(&self, key: ReplyKey) -> Option<FirstTwin<'_>> {
        let (ended, waits) = watch::channel(());
        let mut sent = self.sent();
        if sent.contains_key(&key) {
            return None;
        }
        sent.insert(key, waits);
        Some(FirstTwin { twins: self, key, _ended: ended })
    }
}

impl Drop for FirstTwin<'_> {
    fn drop(&mut self) {
        self.twins.sent().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn of_twins_one_is_first_and_the_others_wait_until_it_has_ended() {
        let (twins, key, other) = (Twins::default(), ReplyKey([1; 32]), ReplyKey([2; 32]));
        assert!(twins.under_way(key).is_none());
        let first = twins.first(key).expect("nobody is before it");
        assert!(twins.first(key).is_none());
        assert!(twins.first(other).is_some(), "another question");
        let waits = twins.under_way(key).expect("it is sent").ended();
        let mut waits = std::pin::pin!(waits);
        assert!(waits.as_mut().now_or_never().is_none());
        drop(first);
        waits.await;
        assert!(twins.under_way(key).is_none());
        assert!(twins.first(key).is_some(), "the next one is first");
    }
}
