//! What the agent needs of its host.

use crate::wit::anvil::agent::claude::Remaining;
use crate::wit::anvil::agent::job::{InputRef, Level};
use crate::wit::anvil::agent::people::{Answer, AskError, Question};
use crate::wit::anvil::agent::team::{Done, Failure, Task};
use crate::wit::anvil::agent::{claude, job, people, settings, team};

/// The host's functions that this agent uses. Tests stand in for it with a team of their own.
pub trait Host {
    /// Has another agent do something and waits for it.
    fn have_done(&mut self, task: &Task) -> Result<Done, Failure>;
    /// Reads a file of a task that was done. The error says why there is none.
    fn file_of(&mut self, job: &str, name: &str) -> Result<Vec<u8>, String>;
    /// Asks a person and waits for the answer.
    fn ask(&mut self, question: &Question) -> Result<Answer, AskError>;
    /// What this job may still spend.
    fn allowance(&mut self) -> Remaining;
    /// The files that the job was submitted with.
    fn inputs(&mut self) -> Vec<InputRef>;
    /// Reads one of them. The error says why there is none.
    fn input(&mut self, name: &str) -> Result<Vec<u8>, String>;
    /// The agent's own setting, made by the host's owner.
    fn setting(&mut self, key: &str) -> Option<String>;
    /// Tells how far the job is: a fraction from 0 to 1 and a line.
    fn progress(&mut self, fraction: f64, line: &str);
    /// Writes a line to the job's log.
    fn log(&mut self, level: Level, line: &str);
    /// Hands over a file. The error says why it was refused.
    fn hand_over(&mut self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), String>;
}

/// The real host, seen from inside the sandbox.
#[derive(Debug)]
pub struct Sandbox;

impl Host for Sandbox {
    fn have_done(&mut self, task: &Task) -> Result<Done, Failure> {
        team::run(task)
    }

    fn file_of(&mut self, job: &str, name: &str) -> Result<Vec<u8>, String> {
        team::artifact(job, name)
    }

    fn ask(&mut self, question: &Question) -> Result<Answer, AskError> {
        people::ask(question)
    }

    fn allowance(&mut self) -> Remaining {
        claude::allowance()
    }

    fn inputs(&mut self) -> Vec<InputRef> {
        job::inputs()
    }

    fn input(&mut self, name: &str) -> Result<Vec<u8>, String> {
        job::input(name)
    }

    fn setting(&mut self, key: &str) -> Option<String> {
        settings::get(key)
    }

    fn progress(&mut self, fraction: f64, line: &str) {
        job::progress(fraction, line);
    }

    fn log(&mut self, level: Level, line: &str) {
        job::log(level, line);
    }

    fn hand_over(&mut self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), String> {
        job::artifact(name, media_type, bytes)
    }
}
