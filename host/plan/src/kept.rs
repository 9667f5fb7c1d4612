//! What is kept as text of predictions and their days, read back: it is believed only where it can be so.

use crate::compare::Prediction;
use crate::happened::{Arrivals, DayFacts};
use crate::kind::MOST_CALLS;
use anvil_api::PlanFigures;
use anvil_budget::WindowSpan;
use anvil_types::{DaySeen, Nanodollars};
use serde::de::DeserializeOwned;
use std::time::Duration;
use thiserror::Error;

/// More jobs than that have no stretch of days: figures of several can be added up.
const MOST_JOBS: u64 = 1 << 40;
/// Longer than that no job takes, in seconds: some 300 years.
const LONGEST_S: f64 = 1e10;
/// No day of any time zone is longer.
const LONGEST_DAY: Duration = Duration::from_hours(26);
/// Nor are seven.
const LONGEST_WEEK: Duration = Duration::from_hours(7 * 24 + 26);

/// Why what is kept is not believed.
#[derive(Debug, Error)]
pub enum KeptError {
    /// It is not what was written, or another version of the host wrote it.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It can be read, and cannot be so.
    #[error("its figures cannot be")]
    Impossible,
}

/// What is kept as text.
pub trait Kept: DeserializeOwned {
    /// Whether it can be so, as what is said of this stretch.
    fn is_possible(&self, span: WindowSpan) -> bool;

    /// Reads what is kept of a stretch.
    fn read(text: &str, span: WindowSpan) -> Result<Self, KeptError> {
        let kept: Self = serde_json::from_str(text)?;
        if kept.is_possible(span) { Ok(kept) } else { Err(KeptError::Impossible) }
    }
}

impl Kept for Prediction {
    fn is_possible(&self, span: WindowSpan) -> bool {
        let is_of_it = (self.from, self.to) == (span.start, span.end) && span.contains(self.made_at);
        let days = self.run.by_day.iter();
        is_of_it
            && span.end.since(span.start) <= LONGEST_WEEK
            && crate::figures(&self.run).is_possible(span)
            && days.map(|day| PlanFigures::from(day.clone())).all(|day| day.is_possible(span))
    }
}

impl Kept for PlanFigures {
    fn is_possible(&self, _: WindowSpan) -> bool {
        let times = [self.p50_s, self.p95_s];
        self.came.max(self.finished) <= MOST_JOBS
            && self.cost >= Nanodollars::ZERO
            && times.iter().all(|time| (0.0..=LONGEST_S).contains(time))
    }
}

impl<T: Kept> Kept for Option<T> {
    fn is_possible(&self, span: WindowSpan) -> bool {
        self.as_ref().is_none_or(|kept| kept.is_possible(span))
    }
}

impl Kept for DaySeen {
    fn is_possible(&self, span: WindowSpan) -> bool {
        span.start < span.end
            && span.end.since(span.start) <= LONGEST_DAY
            && self.up() <= span.end.since(span.start)
    }
}

impl Kept for DayFacts {
    fn is_possible(&self, _: WindowSpan) -> bool {
        let Self { came, done, failed, gone, took, agents } = self;
        let of_agents = agents.values().try_fold(0_u64, |sum, agent| sum.checked_add(agent.came));
        [came, done, failed, gone].iter().all(|jobs| **jobs <= MOST_JOBS)
            && of_agents == Some(*came)
            && took.count() == Some(*done)
            && took.longest() <= LONGEST_S
    }
}

impl Kept for Arrivals {
    fn is_possible(&self, span: WindowSpan) -> bool {
        let length = span.end.since(span.start).as_secs();
        let jobs: u64 = self.values().flat_map(|times| times.values()).map(|count| u64::from(*count)).sum();
        let seconds = self.values().flat_map(|times| times.keys());
        jobs <= MOST_CALLS && seconds.max().is_none_or(|second| u64::from(*second) <= length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Timestamp;

    const DAY: Duration = Duration::from_hours(24);

    fn span() -> WindowSpan {
        let start = Timestamp::from_secs(86_400);
        WindowSpan { start, end: start + DAY }
    }

    #[test]
    fn figures_that_cannot_be_are_not_believed() {
        let good = r#"{"came":2,"finished":1,"usd":0.5,"p50_s":1.0,"p95_s":2.0,"binds":null}"#;
        assert!(
            PlanFigures::read(good, span()).is_ok() && Option::<PlanFigures>::read("null", span()).is_ok()
        );
        for (part, other) in [
            (r#""came":2"#, r#""came":18446744073709551615"#),
            ("0.5", "-0.5"),
            ("1.0", "-1.0"),
            ("2.0", "1e300"),
        ] {
            let bad = good.replacen(part, other, 1);
            assert!(matches!(PlanFigures::read(&bad, span()), Err(KeptError::Impossible)), "{bad}");
        }
        assert!(matches!(PlanFigures::read("\"", span()), Err(KeptError::Unreadable(_))));
    }

    #[test]
    fn days_that_cannot_be_are_not_believed() {
        let good = r#"{"came":2,"done":1,"failed":0,"gone":0,"took":{"300":1},"agents":{"a":{"came":2,"versions":[]}}}"#;
        assert!(DayFacts::read(good, span()).is_ok());
        for (part, other) in [
            (r#""came":2,"done""#, r#""came":3,"done""#),
            (r#""done":1"#, r#""done":2"#),
            (r#""gone":0"#, r#""gone":18446744073709551615"#),
            (r#"{"300":1}"#, r#"{"2147483647":1}"#),
            (r#"{"300":1}"#, r#"{"300":18446744073709551615,"301":2}"#),
        ] {
            let bad = good.replacen(part, other, 1);
            assert!(matches!(DayFacts::read(&bad, span()), Err(KeptError::Impossible)), "{bad}");
        }
        let seen = |hours: u64| DaySeen { up_us: hours * 3_600_000_000, ..DaySeen::default() };
        assert!(seen(24).is_possible(span()) && !seen(25).is_possible(span()));
        let until = |end| WindowSpan { end, ..span() };
        assert!(
            !seen(0).is_possible(until(span().start)) && !seen(0).is_possible(until(span().start + DAY * 9))
        );
        let came = |second, count| Arrivals::from([("a".to_owned(), [(second, count)].into())]);
        assert!(came(86_399, 4).is_possible(span()));
        assert!(!came(90_000, 4).is_possible(span()) && !came(0, u32::MAX).is_possible(span()));
    }
}
