//! How often the links that answer questions are asked. Whoever has a true link is kept from nothing by those who have
//! none: wrong links count for the address that they come from, true ones for their question.

use anvil_types::QuestionId;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong links of one address in a minute,
const WRONG_OF_ADDRESS: u32 = 60;
/// and requests with a true link for one question.
const TRUE_OF_QUESTION: u32 = 60;
const MINUTE: Duration = Duration::from_mins(1);
/// The most addresses and questions that are remembered at once: a stranger can make up as many as it likes.
const REMEMBERED: usize = 10_000;

/// The requests of the last minutes.
#[derive(Debug, Default)]
pub(crate) struct LinkRate {
    wrong: Counted<Option<IpAddr>>,
    shown: Counted<QuestionId>,
}

impl LinkRate {
    /// Whether an address may ask at all: it has not come with too many wrong links.
    pub(crate) fn admits(&self, address: Option<IpAddr>) -> bool {
        self.wrong.count(&network(address), Instant::now()) < WRONG_OF_ADDRESS
    }

    /// Counts a link that is none.
    pub(crate) fn was_wrong(&self, address: Option<IpAddr>) {
        self.wrong.add(network(address), Instant::now());
    }

    /// Counts a true link, and says whether it is answered.
    pub(crate) fn was_true(&self, question: QuestionId) -> bool {
        self.shown.add(question, Instant::now()) <= TRUE_OF_QUESTION
    }
}

/// What one asker has for itself: an IPv6 network of 64 bits is one.
fn network(address: Option<IpAddr>) -> Option<IpAddr> {
    address.map(|address| match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    })
}

/// How often each was there in its minute.
#[derive(Debug)]
struct Counted<K>(Mutex<HashMap<K, (Instant, u32)>>);

impl<K> Default for Counted<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq + Clone> Counted<K> {
    fn count(&self, of: &K, now: Instant) -> u32 {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted
            .get(of)
            .filter(|(since, _)| now.duration_since(*since) < MINUTE)
            .map_or(0, |(_, count)| *count)
    }

    fn add(&self, of: K, now: Instant) -> u32 {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= REMEMBERED && !counted.contains_key(&of) {
            counted.retain(|_, (since, _)| now.duration_since(*since) < MINUTE);
            // Still full: those who came once give way, so that a flood forgets itself first.
            if counted.len() >= REMEMBERED {
                counted.retain(|_, (_, count)| *count > 1);
            }
            if counted.len() >= REMEMBERED {
                counted.clear();
            }
        }
        let (since, count) = counted.entry(of).or_insert((now, 0));
        if now.duration_since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Timestamp;

    #[expect(clippy::unnecessary_wraps, reason = "as a rate is asked with it")]
    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn wrong_links_count_for_their_address_alone() {
        let rate = LinkRate::default();
        for _ in 0..WRONG_OF_ADDRESS {
            assert!(rate.admits(address("192.0.2.1")));
            rate.was_wrong(address("192.0.2.1"));
        }
        assert!(!rate.admits(address("192.0.2.1")));
        assert!(!rate.admits(address("::ffff:192.0.2.1")), "however it is written");
        assert!(rate.admits(address("192.0.2.2")));
    }

    #[test]
    fn a_network_of_ipv6_is_one_asker() {
        let rate = LinkRate::default();
        for host in 0..WRONG_OF_ADDRESS {
            rate.was_wrong(address(&format!("2001:db8::{host:x}")));
        }
        assert!(!rate.admits(address("2001:db8::ffff")));
        assert!(rate.admits(address("2001:db8:0:1::1")));
    }

    #[test]
    fn a_true_link_has_so_many_requests_a_minute() {
        let rate = LinkRate::default();
        let question = QuestionId::new(Timestamp::default(), 1);
        assert_eq!((0..100).filter(|_| rate.was_true(question)).count(), 60);
    }

    #[test]
    fn made_up_addresses_fill_no_memory_and_keep_nobody_out() {
        let counted = Counted::<u32>::default();
        let now = Instant::now();
        for _ in 0..50 {
            counted.add(7, now);
        }
        for number in 1_000..40_000 {
            counted.add(number, now);
            assert!(counted.0.lock().expect("nobody panicked").len() <= REMEMBERED);
        }
        assert_eq!(counted.count(&7, now), 50, "who came often is remembered");
        assert_eq!(counted.count(&7, now + MINUTE), 0, "the next minute is another");
    }
}
