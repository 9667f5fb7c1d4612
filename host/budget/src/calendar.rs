//! The calendar as the books look at it: the present day, month and week are kept, others worked out.

use crate::window::{WindowKind, WindowSpan, Windows};
use anvil_types::Timestamp;

/// In which minute, day and month a hold counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// The first instant of its minute.
    pub minute: Timestamp,
    /// The first instant of its day.
    pub day: Timestamp,
    /// The first instant of its month.
    pub month: Timestamp,
}

/// A calendar that remembers the spans it was asked for last, since most questions are about now.
#[derive(Clone, Debug)]
pub struct Calendar {
    windows: Windows,
    day: WindowSpan,
    month: WindowSpan,
    week: WindowSpan,
}

impl Calendar {
    /// The calendar of these windows.
    pub fn new(windows: Windows) -> Self {
        let nothing = WindowSpan { start: Timestamp::default(), end: Timestamp::default() };
        Self { windows, day: nothing, month: nothing, week: nothing }
    }

    /// The windows.
    pub fn windows(&self) -> &Windows {
        &self.windows
    }

    /// The day that `time` belongs to.
    pub fn day(&mut self, time: Timestamp) -> WindowSpan {
        if !self.day.contains(time) {
            self.day = self.windows.day(time);
        }
        self.day
    }

    /// The month that `time` belongs to.
    pub fn month(&mut self, time: Timestamp) -> WindowSpan {
        if !self.month.contains(time) {
            self.month = self.windows.month(time);
        }
        self.month
    }

    /// The week that `time` belongs to.
    pub fn week(&mut self, time: Timestamp) -> WindowSpan {
        if !self.week.contains(time) {
            self.week = self.windows.week(time);
        }
        self.week
    }

    /// The first instant of a calendar window's instance at `time`; none for the rolling hour.
    pub fn instance(&mut self, kind: WindowKind, time: Timestamp) -> Option<Timestamp> {
        match kind {
            WindowKind::Hour => None,
            WindowKind::Day => Some(self.day(time).start),
            WindowKind::Month => Some(self.month(time).start),
        }
    }

    /// Where a hold of this time counts.
    pub fn places(&mut self, held_at: Timestamp) -> Places {
        Places {
            minute: Windows::bucket(held_at),
            day: self.day(held_at).start,
            month: self.month(held_at).start,
        }
    }
}
