//! What a job waits for that leads others, in words.

use crate::StoreError;
use crate::engine::Db;
use anvil_types::{JobId, JobState, QuestionId};

/// How many of them are named.
const NAMED: usize = 3;

/// The jobs that a lead is parked for.
pub(crate) const LEFT: &str =
    "SELECT j.id, j.agent, j.state FROM tasks CROSS JOIN jobs j ON j.seq = tasks.job
     WHERE tasks.lead = ?1 AND tasks.waits = 1";

/// The questions to people that are open below a job, with who asks.
const ASKED: &str = "WITH RECURSIVE below (seq) AS (
         SELECT led.seq FROM jobs led INDEXED BY jobs_by_lead WHERE led.lead = ?1
         UNION ALL SELECT led.seq FROM below CROSS JOIN jobs led INDEXED BY jobs_by_lead ON led.lead = below.seq
     ) SELECT q.id, q.asker FROM below CROSS JOIN questions q INDEXED BY questions_by_job ON q.job = below.seq
     WHERE q.state = 'open'";

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
        1 => format!("job {named}, which is done for it, has not ended{}", asked(db, lead)?),
        count => {
            format!("{count} jobs that are done for it have not ended: {named}{more}{}", asked(db, lead)?)
        }
    })
}

/// That people are asked further down, where they are.
fn asked(db: &Db, lead: i64) -> Result<String, StoreError> {
    let mut open: Vec<(QuestionId, String)> =
        db.all(ASKED, [lead], |row| Ok((row.id("id")?, row.get("asker")?)))?;
    open.sort_unstable_by_key(|(question, _)| *question);
    Ok(match open.as_slice() {
        [] => String::new(),
        [(question, asker)] => {
            format!("; a person is asked further down, by `{asker}` (question {question})")
        }
        [(question, asker), more @ ..] => format!(
            "; people are asked further down, by `{asker}` (question {question}) and {} more times",
            more.len()
        ),
    })
}
