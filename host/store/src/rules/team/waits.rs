//! What a job waits for that leads others, in words.

use crate::StoreError;
use crate::engine::Db;
use anvil_types::{JobId, JobState};

/// How many of them are named.
const NAMED: usize = 3;

/// The jobs that a lead is parked for.
pub(crate) const LEFT: &str =
    "SELECT j.id, j.agent, j.state FROM tasks CROSS JOIN jobs j ON j.seq = tasks.job
     WHERE tasks.lead = ?1 AND tasks.waits = 1";

/// What a job waits for that leads others: told from where those stand now.
pub(crate) fn what_is_left(db: &Db, lead: i64) -> Result<String, StoreError> {
    let mut left: Vec<(JobId, String, JobState)> =
        db.all(LEFT, [lead], |row| Ok((row.id("id")?, row.get("agent")?, row.word("state")?)))?;
    left.sort_unstable_by_key(|(id, _, _)| *id);
    let named: Vec<_> =
        left.iter().take(NAMED).map(|(id, agent, state)| format!("{id} ({agent}, {state})")).collect();
    let more = match left.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = named.join(", ");
    Ok(match left.len() {
        0 => "the jobs that it leads have ended; it goes on by itself".to_owned(),
        1 => format!("waits for job {named}, which is done for it"),
        count => format!("waits for {count} jobs that are done for it: {named}{more}"),
    })
}
