//! Claude does not answer, or not so fast.

use super::AlertKey;
use super::text::AlertText;
use crate::UpstreamKind;

/// Calls are held back, since Claude does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallsHeldBack<'a> {
    /// The model for which it does not answer, where it is one alone.
    pub model: Option<&'a str>,
    /// How the last call failed.
    pub why: &'a str,
}

impl AlertText for CallsHeldBack<'_> {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        AlertKey::Circuit { upstream, model: self.model }
    }

    fn title(&self) -> String {
        match self.model {
            Some(model) => format!("Claude does not answer for {model}: its calls are held back"),
            None => "Claude does not answer: calls are held back".to_owned(),
        }
    }

    fn detail(&self) -> String {
        format!(
            "calls failed, the last with: {}. None goes out for a while, then one tries again; jobs wait, and go on by \
             themselves when Claude answers",
            self.why
        )
    }
}

/// Calls are refused for their pace, for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallsTooFast<'a> {
    /// How each was refused.
    pub why: &'a str,
}

impl AlertText for CallsTooFast<'_> {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        AlertKey::Pace(upstream)
    }

    fn title(&self) -> String {
        "Claude takes no calls: each is told that it comes too fast".to_owned()
    }

    fn detail(&self) -> String {
        format!(
            "for more than a minute every call was refused with: {}. Jobs wait for as long as Claude says, and go on by \
             themselves. Others may use up the same account's limits, or those set here are above them",
            self.why
        )
    }
}

/// A batch was sent, and what became of it cannot be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchUnheard<'a> {
    /// Its number.
    pub batch: u64,
    /// What cannot be read, and what came in its place.
    pub why: &'a str,
}

impl AlertText for BatchUnheard<'_> {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        AlertKey::BatchUnheard { upstream, batch: self.batch }
    }

    fn title(&self) -> String {
        format!("what became of batch {} cannot be heard", self.batch)
    }

    fn detail(&self) -> String {
        format!(
            "{}. It is asked for on, up to every quarter of an hour. If that is not mended 25 hours after the batch was made, \
             its calls count as spent at what they hold, and their answers are lost",
            self.why
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_are_kept_back_say_why_and_that_jobs_go_on_by_themselves() {
        let all = CallsHeldBack { model: None, why: "HTTP 500" };
        assert_eq!(all.title(), "Claude does not answer: calls are held back");
        assert_eq!(
            all.detail(),
            "calls failed, the last with: HTTP 500. None goes out for a while, then one tries again; jobs wait, and go \
             on by themselves when Claude answers"
        );
        let one = CallsHeldBack { model: Some("opus"), ..all };
        assert_eq!(one.title(), "Claude does not answer for opus: its calls are held back");
        let unheard = BatchUnheard { batch: 7, why: "its results cannot be read: HTTP 404" };
        assert_eq!(unheard.title(), "what became of batch 7 cannot be heard");
        assert!(unheard.detail().starts_with("its results cannot be read: HTTP 404. It is asked for on"));
        let fast = CallsTooFast { why: "HTTP 429" };
        assert_eq!(fast.title(), "Claude takes no calls: each is told that it comes too fast");
        assert_eq!(
            fast.detail(),
            "for more than a minute every call was refused with: HTTP 429. Jobs wait for as long as Claude says, and \
             go on by themselves. Others may use up the same account's limits, or those set here are above them"
        );
    }
}
