//! What the agent needs of its host.

use crate::wit::anvil::agent::claude::{CallError, Remaining, Reply, Request};
use crate::wit::anvil::agent::job::Level;
use crate::wit::anvil::agent::{claude, job, settings};

/// The host's functions that this agent uses. Tests stand in for it with a Claude of their own.
pub trait Host {
    /// Asks Claude and waits for the whole answer.
    fn ask(&mut self, request: &Request) -> Result<Reply, CallError>;
    /// What this job may still spend.
    fn allowance(&mut self) -> Remaining;
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
    fn ask(&mut self, request: &Request) -> Result<Reply, CallError> {
        claude::complete(request)
    }

    fn allowance(&mut self) -> Remaining {
        claude::allowance()
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
