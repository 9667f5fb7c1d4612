//! Tasks that a job hands to other agents.

use anvil_types::{JobId, TeamAnswer, TeamFailure, TeamTask, Timestamp};

/// A task, as a running attempt asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamAsk {
    /// The answer's place in the journal.
    pub position: u32,
    /// BLAKE3 of the guest's own request.
    pub request_hash: [u8; 32],
    /// How many equal ones the run asked for before.
    pub occurrence: u32,
    /// The task.
    pub task: TeamTask,
    /// The id of the job that does it, where it is new.
    pub id: JobId,
    /// Why it is not begun, where it is new and whoever runs the job knows.
    pub refused: Option<TeamFailure>,
}

/// What became of tasks that were asked for at once.
#[derive(Clone, Debug, PartialEq)]
pub enum TeamStep {
    /// All of them are over or refused; the answers are in the journal, in the order of the tasks.
    Answered {
        /// The answers.
        answers: Vec<TeamAnswer>,
        /// The guest's time after them.
        at: Timestamp,
    },
    /// Some are under way, and whoever asked is parked until they have ended. Those that are not are in the journal.
    Parked,
}
