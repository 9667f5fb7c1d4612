//! How often the links that answer questions are asked: bounded for each address and for each question.

use anvil_types::QuestionId;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests of one address in a minute,
const OF_ADDRESS: u32 = 60;
/// and for one question.
const OF_QUESTION: u32 = 30;
const MINUTE: Duration = Duration::from_mins(1);
/// The most addresses and questions that are remembered at once: a stranger can make up as many as it likes.
const REMEMBERED: usize = 10_000;

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Whose {
    Address(Option<IpAddr>),
    Question(QuestionId),
}

/// The requests of the last minutes.
#[derive(Debug, Default)]
pub(crate) struct LinkRate {
    counted: Mutex<HashMap<Whose, (Instant, u32)>>,
}

impl LinkRate {
    /// Counts a request, and says whether it is one that is answered.
    pub(crate) fn admits(&self, address: Option<IpAddr>, question: Option<QuestionId>) -> bool {
        self.admits_at(address, question, Instant::now())
    }

    fn admits_at(&self, address: Option<IpAddr>, question: Option<QuestionId>, now: Instant) -> bool {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= REMEMBERED {
            counted.retain(|_, (since, _)| now.duration_since(*since) < MINUTE);
        }
        let mut admits = |whose: Whose, most: u32| {
            if counted.len() >= REMEMBERED && !counted.contains_key(&whose) {
                return false;
            }
            let (since, count) = counted.entry(whose).or_insert((now, 0));
            if now.duration_since(*since) >= MINUTE {
                (*since, *count) = (now, 0);
            }
            *count = count.saturating_add(1);
            *count <= most
        };
        // Who asks too often does not use up what others have of a question.
        admits(Whose::Address(address), OF_ADDRESS)
            && question.is_none_or(|question| admits(Whose::Question(question), OF_QUESTION))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Timestamp;
    use std::net::Ipv4Addr;

    #[expect(clippy::unnecessary_wraps, reason = "as a rate is asked with it")]
    fn address(number: u32) -> Option<IpAddr> {
        Some(Ipv4Addr::from(number).into())
    }

    #[test]
    fn an_address_and_a_question_have_so_many_requests_a_minute() {
        let (rate, now) = (LinkRate::default(), Instant::now());
        let question = |number| Some(QuestionId::new(Timestamp::default(), number));
        assert_eq!((0..100).filter(|n| rate.admits_at(address(1), question(*n), now)).count(), 60);
        assert_eq!((0..100).filter(|n| rate.admits_at(address(100 + n), question(500), now)).count(), 30);
        assert!(rate.admits_at(address(1), question(1), now + MINUTE), "the next minute is another");
    }

    #[test]
    fn made_up_addresses_fill_no_memory() {
        let (rate, now) = (LinkRate::default(), Instant::now());
        for number in 0..30_000 {
            rate.admits_at(address(number), None, now);
        }
        assert!(rate.counted.lock().expect("nobody panicked").len() <= REMEMBERED);
        assert!(rate.admits_at(address(40_000), None, now + MINUTE), "they are forgotten");
    }
}
