//! What goes into and comes out of schedules.

use crate::Taken;
use anvil_types::{NewJob, ScheduleId, Timestamp};

/// Times of a schedule that have come, with their jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    /// The schedule's name,
    pub name: String,
    /// and which of that name.
    pub id: ScheduleId,
    /// Its `next_at` as it was read: where it is another by now, somebody else was first, and nothing is
    /// done.
    pub due: Timestamp,
    /// The jobs with their times, the oldest first; none where all times are left out.
    pub jobs: Vec<(Timestamp, NewJob)>,
    /// The next time after them.
    pub next_at: Option<Timestamp>,
    /// The newest of its times that has come.
    pub newest: Option<Timestamp>,
    /// Up to when times count as come while the host was there, where one of these finds no place.
    pub looked_at: Timestamp,
}

/// What became of a firing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fired {
    /// Jobs that were taken in.
    pub taken: Vec<Taken>,
    /// Why the next of them was not; its time is the schedule's next one still.
    pub blocked: Option<String>,
}
