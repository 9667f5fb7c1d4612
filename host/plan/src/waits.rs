//! What jobs wait for at a moment: one rule for the planner and for the running host that looks at itself.

use crate::binds::Binds;
use anvil_budget::WindowKind;
use anvil_pace::LineHead;
use anvil_types::words::ScaleReason;
use anvil_types::{BucketReport, WaitReason};
use std::time::Duration;

/// Less of jobs' time than this is no wait that anybody notices.
const BINDS_FROM: f64 = 0.05;

/// Jobs in slots, and those that wait for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    /// Jobs in slots.
    pub(crate) running: u32,
    /// Of those, jobs whose call waits in the line.
    pub(crate) waiting: u32,
    /// Jobs that wait for a slot.
    pub(crate) queued: u32,
}

/// How a running host stands at a moment.
#[derive(Clone, Debug)]
pub struct HostMoment {
    /// Jobs in slots.
    pub running: u32,
    /// Of those, jobs whose call waits in the line.
    pub waiting: u32,
    /// Jobs that wait for a slot.
    pub queued: u32,
    /// What the first of the line waits for.
    pub head: Option<LineHead>,
    /// What was taken of the limits a minute.
    pub buckets: Vec<BucketReport>,
    /// Why there are no more slots.
    pub scaling: ScaleReason,
    /// Jobs that left their slot for a limit, by why.
    pub parked: Vec<(WaitReason, u64)>,
    /// What part of each window is used.
    pub windows: Vec<(WindowKind, f64)>,
    /// What part of the week's hours is used.
    pub week: f64,
}

impl HostMoment {
    /// What jobs wait for, and for how long together where that goes on for `length`.
    pub fn waits(&self, length: Duration) -> Vec<(String, Duration)> {
        let Self { running, waiting, queued, .. } = *self;
        let head = self.head.as_ref().map(|head| Binds::head(head, || Binds::fullest(&self.buckets)));
        let slots = Binds::slots(&self.scaling);
        let waits = shared(Crowd { running, waiting, queued }, head, slots, length);
        let parked = self.parked.iter().filter_map(|(reason, jobs)| {
            let jobs = u32::try_from(*jobs).unwrap_or(u32::MAX);
            Some((self.parked_for(*reason)?, length.saturating_mul(jobs)))
        });
        let waits = waits.into_iter().chain(parked).filter(|(_, length)| !length.is_zero());
        waits.map(|(binds, length)| (binds.to_string(), length)).collect()
    }

    fn parked_for(&self, reason: WaitReason) -> Option<Binds> {
        match reason {
            WaitReason::Money | WaitReason::Holds => {
                let fullest = self.windows.iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
                Some(if self.week > fullest.1 { Binds::Week } else { Binds::Window(fullest.0) })
            }
            WaitReason::Brake => Some(Binds::Window(WindowKind::Day)),
            WaitReason::Pace => Some(Binds::fullest(&self.buckets)),
            _ => None,
        }
    }
}

/// Those in the line wait for what its head waits for; those without a slot for that too, as far as slots are taken by those who
/// wait, and for more slots otherwise.
pub(crate) fn shared(
    crowd: Crowd,
    head: Option<Binds>,
    slots: Binds,
    length: Duration,
) -> Vec<(Binds, Duration)> {
    let Crowd { running, waiting, queued } = crowd;
    let mut waits = Vec::new();
    let mut for_slots = length.saturating_mul(queued);
    if let Some(head) = head.filter(|_| waiting > 0) {
        let clogged = for_slots.saturating_mul(waiting.min(running)) / running.max(1);
        for_slots -= clogged;
        waits.push((head, length.saturating_mul(waiting) + clogged));
    }
    if !for_slots.is_zero() {
        waits.push((slots, for_slots));
    }
    waits
}

/// What jobs wait for most, where that is a part of the seconds of their lives that anybody notices.
pub(crate) fn binding<K>(waits: impl Iterator<Item = (K, Duration)>, lived_s: f64) -> Option<K> {
    let mut waited = Duration::ZERO;
    let noted = waits.inspect(|(_, length)| waited = waited.saturating_add(*length));
    let (binds, longest) = noted.max_by_key(|(_, length)| *length)?;
    (longest.as_secs_f64() > BINDS_FROM * lived_s.max(waited.as_secs_f64())).then_some(binds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Bucket;

    fn moment() -> HostMoment {
        HostMoment {
            running: 4,
            waiting: 0,
            queued: 0,
            head: None,
            buckets: Vec::new(),
            scaling: ScaleReason::Most,
            parked: Vec::new(),
            windows: vec![(WindowKind::Hour, 0.4), (WindowKind::Month, 1.0)],
            week: 0.9,
        }
    }

    fn waits(moment: &HostMoment) -> Vec<(String, u64)> {
        let waits = moment.waits(Duration::from_secs(10)).into_iter();
        waits.map(|(limit, length)| (limit, length.as_secs())).collect()
    }

    #[test]
    fn whoever_waits_without_a_slot_waits_for_what_clogs_the_slots() {
        assert_eq!(waits(&moment()), []);
        let queued = HostMoment { queued: 3, ..moment() };
        assert_eq!(waits(&queued), [("agent slots".to_owned(), 30)]);
        let head = Some(LineHead::Paced(None));
        let bucket = BucketReport {
            pool: None,
            bucket: Bucket::Requests,
            taken: 5,
            limit: 5,
            upstream_limit: None,
            remaining: None,
            reset: None,
            shared: false,
        };
        let clogged = HostMoment { waiting: 2, head, buckets: vec![bucket], ..queued };
        let expected = [("requests a minute".to_owned(), 35), ("agent slots".to_owned(), 15)];
        assert_eq!(waits(&clogged), expected);
    }

    #[test]
    fn whoever_left_its_slot_waits_for_the_fullest_window() {
        let parked = vec![(WaitReason::Money, 2), (WaitReason::Person, 9), (WaitReason::Brake, 1)];
        let parked = HostMoment { parked, ..moment() };
        let expected = [("the month's limit".to_owned(), 20), ("the day's limit".to_owned(), 10)];
        assert_eq!(waits(&parked), expected);
        let week = HostMoment { week: 1.1, parked: vec![(WaitReason::Money, 1)], ..moment() };
        assert_eq!(waits(&week), [("the week's hours of use".to_owned(), 10)]);
    }

    #[test]
    fn a_twentieth_of_jobs_lives_binds_nothing() {
        let waits = || [("a", Duration::from_secs(2)), ("b", Duration::from_secs(6))].into_iter();
        assert_eq!(binding(waits(), 119.0), Some("b"));
        assert_eq!(binding(waits(), 120.0), None);
        assert_eq!(binding([("a", Duration::ZERO)].into_iter(), 0.0), None);
    }
}
