//! Who writes a beginning into a model's cache, while others that begin the same wait for it.
//!
//! Source: the Messages API's prompt caching. What a request writes can be read once its answer has begun; equal requests
//! that go out before each write it, and each pays for that.

use crate::prompt_cache::outline::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The beginnings that are on their way into the models' caches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leads(Arc<Mutex<HashMap<Key, Writing>>>);

/// A beginning, and for which model.
type Key = (Digest, String);

#[derive(Debug)]
struct Writing {
    /// Becomes true when the answer of who writes it has begun; closes when its call is over.
    begun: watch::Receiver<bool>,
}

/// The place of a call among those that write the same.
#[derive(Debug)]
pub(crate) enum Joined {
    /// Nobody writes what this one does, or whoever does has an answer: it goes out.
    First(Lead),
    /// Another does, whose answer has not begun.
    Behind(Behind),
}

/// Writes beginnings until it is dropped.
#[derive(Debug)]
pub(crate) struct Lead {
    leads: Leads,
    keys: Vec<Key>,
    begun: watch::Sender<bool>,
}

/// Waits for another's answer to begin.
#[derive(Debug)]
pub(crate) struct Behind(watch::Receiver<bool>);

impl Leads {
    /// Joins those that write these beginnings into this model's cache.
    pub(crate) fn join(&self, model: &str, beginnings: impl IntoIterator<Item = Digest>) -> Joined {
        let mut writing = self.lock();
        let keys: Vec<Key> = beginnings.into_iter().map(|digest| (digest, model.to_owned())).collect();
        if let Some(other) = keys.iter().filter_map(|key| writing.get(key)).find(|other| !other.has_begun()) {
            return Joined::Behind(Behind(other.begun.clone()));
        }
        let (begun, told) = watch::channel(false);
        // What another writes whose answer has begun is that one's.
        let keys: Vec<Key> = keys.into_iter().filter(|key| !writing.contains_key(key)).collect();
        writing.extend(keys.iter().map(|key| (key.clone(), Writing { begun: told.clone() })));
        Joined::First(Lead { leads: self.clone(), keys, begun })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Writing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writing {
    fn has_begun(&self) -> bool {
        *self.begun.borrow()
    }
}

impl Lead {
    /// Its answer has begun: what it writes can be read.
    pub(crate) fn begun(&self) {
        self.begun.send_replace(true);
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let mut writing = self.leads.lock();
        for key in &self.keys {
            writing.remove(key);
        }
    }
}

impl Behind {
    /// Until the other's answer has begun, or its call is over.
    pub(crate) async fn over(mut self) {
        let _ = self.0.wait_for(|begun| *begun).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    const STEM: Digest = [1; 32];
    const OTHER: Digest = [2; 32];

    fn first(joined: Joined) -> Lead {
        match joined {
            Joined::First(lead) => lead,
            Joined::Behind(_) => panic!("nobody writes it"),
        }
    }

    fn behind(joined: Joined) -> Behind {
        match joined {
            Joined::Behind(behind) => behind,
            Joined::First(_) => panic!("another writes it"),
        }
    }

    #[tokio::test]
    async fn the_first_goes_and_the_others_follow_its_answer() {
        let leads = Leads::default();
        let lead = first(leads.join("m", [STEM]));
        assert_eq!(behind(leads.join("m", [OTHER, STEM])).over().now_or_never(), None, "it waits");
        lead.begun();
        // One whose own part nobody writes is the first there.
        let own = first(leads.join("m", [STEM, OTHER]));
        assert_eq!(behind(leads.join("m", [OTHER])).over().now_or_never(), None);
        drop((own, lead));
        assert!(leads.lock().is_empty(), "nothing is kept of who is gone");
    }

    #[tokio::test]
    async fn where_the_first_fails_one_of_the_others_is_it() {
        let leads = Leads::default();
        let lead = first(leads.join("m", [STEM]));
        let (second, third) = (behind(leads.join("m", [STEM])), behind(leads.join("m", [STEM])));
        drop(lead);
        second.over().await;
        let again = first(leads.join("m", [STEM]));
        third.over().await;
        behind(leads.join("m", [STEM]));
        drop(again);
    }

    #[test]
    fn models_have_caches_of_their_own() {
        let leads = Leads::default();
        let _one = first(leads.join("m", [STEM]));
        first(leads.join("n", [STEM]));
    }
}
