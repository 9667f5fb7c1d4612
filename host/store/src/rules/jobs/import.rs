//! Jobs from another host's export: the finished ones as history, the others as new submissions.

use crate::engine::{Id, number, params, texts};
use crate::rules::audit;
use crate::rules::jobs::{enqueue, inputs, parents, row};
use crate::rules::team::making;
use crate::rules::tx::Tx;
use crate::{FinishedJob, Imported, ImportedJob, StoreError};
use anvil_types::attempts::MOST_ATTEMPTS;
use anvil_types::{EventKind, Job, LogLevel, Nanodollars, Timestamp};
use std::collections::HashSet;
use std::time::Duration;

/// How far the clock of the other host may be ahead.
const AHEAD: Duration = Duration::from_hours(24);

/// Takes jobs in, each as if it came alone.
pub(crate) fn import(
    tx: &mut Tx<'_>,
    jobs: &[ImportedJob],
    note: Option<(&str, &str)>,
) -> Result<Vec<Result<Imported, StoreError>>, StoreError> {
    if let Some((by, what)) = note {
        audit::note(tx, by, "job.import", what)?;
    }
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        let taken = match job {
            ImportedJob::Finished(finished) => history(tx, finished),
            ImportedJob::Unfinished(job) => match enqueue::take(tx, job) {
                Ok(Ok(new)) => Ok(Imported::New { id: job.id, state: new.state }),
                Ok(Err(existing)) => Ok(Imported::Existing { id: existing.id, state: existing.state }),
                Err(StoreError::IdempotencyConflict { job }) => Err(StoreError::OtherJob(job)),
                Err(error) => Err(error),
            },
        };
        answers.push(match taken {
            // Whatever fails after the first write undoes all of them.
            Err(error) if error.is_failure() => return Err(error),
            decided => decided,
        });
    }
    Ok(answers)
}

/// A finished job. Everything that can refuse it is asked before anything is written.
fn history(tx: &mut Tx<'_>, finished: &FinishedJob) -> Result<Imported, StoreError> {
    let job = &finished.job;
    if let Some(there) = row::find(tx.db, job.id)? {
        return if is_same(&there, job) {
            Ok(Imported::Existing { id: there.id, state: there.state })
        } else {
            Err(StoreError::OtherJob(job.id))
        };
    }
    check(finished, tx.now)?;
    inputs::check(tx, &finished.inputs)?;
    let parents = parents::of_history(tx, &job.after)?;
    tx.run(
        "INSERT INTO jobs (id, agent, action, upstream, state, priority, ready_at, attempts, max_attempts,
             max_cost, error_kind, error_message, progress, progress_line, tags, created_at, run_at,
             started_at, finished_at, parents, parents_left, schedule)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?7, ?16, ?17, ?18, ?19,
             ?20, ?21)",
        params![
            job.id.bytes(),
            job.agent,
            job.action,
            job.upstream.name(),
            job.state.name(),
            job.priority.rank(),
            job.created_at.micros(),
            attempts(finished),
            job.max_attempts,
            job.max_cost.get(),
            job.error.as_ref().map(|error| error.kind.as_str()),
            job.error.as_ref().map(|error| error.message.as_str()),
            job.progress,
            job.progress_line,
            texts(&job.tags),
            job.run_at.map(Timestamp::micros),
            job.started_at.map(Timestamp::micros),
            job.finished_at.map(Timestamp::micros),
            parents::ids(&job.after),
            parents.left,
            job.schedule,
        ],
    )?;
    let seq = tx.db.last_row();
    tx.run(
        "INSERT INTO job_bodies (seq, payload, result) VALUES (?1, ?2, ?3)",
        params![seq, job.payload.as_str(), job.result.as_ref().map(anvil_types::Json::as_str)],
    )?;
    parents::tie_history(tx, seq, &parents)?;
    if let Some(lead) = job.lead {
        making::adopt(tx, seq, lead, job.upstream)?;
    }
    for tag in &job.tags {
        tx.run("INSERT INTO job_tags (tag, job) VALUES (?1, ?2) ON CONFLICT DO NOTHING", params![tag, seq])?;
    }
    inputs::tie(tx, seq, &finished.inputs)?;
    hang(tx, seq, finished)?;
    tx.tell(Some(job.id), EventKind::Job { state: job.state, agent: job.agent.clone() });
    Ok(Imported::New { id: job.id, state: job.state })
}

/// What hangs on it: attempts, files, and a line of the log that says what it cost elsewhere.
fn hang(tx: &Tx<'_>, seq: i64, finished: &FinishedJob) -> Result<(), StoreError> {
    for attempt in &finished.attempts {
        let used = attempt.used;
        tx.run(
            "INSERT INTO attempts (job, number, started_at, ended_at, error_kind, error_message, cpu_us, wall_us,
                 waited_us, memory_bytes, table_elements, log_lines, log_bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                seq,
                attempt.number,
                attempt.started_at.micros(),
                attempt.ended_at.map(Timestamp::micros),
                attempt.error.as_ref().map(|error| error.kind.as_str()),
                attempt.error.as_ref().map(|error| error.message.as_str()),
                number(used.cpu_us),
                number(used.wall_us),
                number(used.waited_us),
                number(used.memory_bytes),
                number(used.table_elements),
                number(used.log_lines),
                number(used.log_bytes),
            ],
        )?;
    }
    for file in &finished.files {
        tx.run(
            "INSERT INTO artifacts (job, name, media_type, size, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                seq,
                file.name.as_str(),
                file.media_type,
                i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
                file.created_at.micros()
            ],
        )?;
        let artifact = tx.db.last_row();
        tx.run(
            "INSERT INTO artifact_bytes (artifact, bytes) VALUES (?1, ?2)",
            params![artifact, file.bytes],
        )?;
    }
    tx.run(
        "INSERT INTO log (job, seq, at, attempt, level, source, line) VALUES (?1, 1, ?2, ?3, ?4, 'host', ?5)",
        params![seq, tx.now.micros(), finished.job.attempts, LogLevel::Info.name(), origin(&finished.job)],
    )
    .map(drop)
}

fn origin(job: &Job) -> String {
    let unknown = if job.unknown > Nanodollars::ZERO {
        format!(", of which {} unknown", job.unknown)
    } else {
        String::new()
    };
    format!(
        "imported from another host's export: it cost {}{unknown} in {} calls there, which this host's ledger does not have",
        job.cost, job.calls
    )
}

fn is_same(there: &Job, job: &Job) -> bool {
    there.agent == job.agent
        && there.action == job.action
        && there.payload.says_the_same_as(&job.payload)
        && there.state == job.state
}

/// How many attempts it had: the next one's number is higher than all.
fn attempts(finished: &FinishedJob) -> u32 {
    let last = finished.attempts.iter().map(|attempt| attempt.number).max();
    finished.job.attempts.max(last.unwrap_or(0))
}

fn check(finished: &FinishedJob, now: Timestamp) -> Result<(), StoreError> {
    let job = &finished.job;
    let bad = |why: String| Err(StoreError::BadChange(format!("job {} is no finished job: {why}", job.id)));
    if !job.state.is_final() {
        return bad(format!("its state is {}", job.state));
    }
    match job.finished_at {
        None => return bad("finished_at is missing".to_owned()),
        Some(time) if time > now + AHEAD => {
            return bad(format!("it finished {time}, which is still to come"));
        }
        Some(_) => {}
    }
    if job.max_cost <= Nanodollars::ZERO {
        return bad("max_cost_usd must be above 0".to_owned());
    }
    if attempts(finished) > MOST_ATTEMPTS {
        return bad(format!("it has more than {MOST_ATTEMPTS} attempts"));
    }
    let mut numbers = HashSet::new();
    if let Some(twice) = finished.attempts.iter().find(|attempt| !numbers.insert(attempt.number)) {
        return bad(format!("attempt {} occurs twice", twice.number));
    }
    let mut names = HashSet::new();
    if let Some(twice) = finished.files.iter().find(|file| !names.insert(file.name.as_str())) {
        return bad(format!("the file `{}` occurs twice", twice.name.as_str()));
    }
    let mut names = HashSet::new();
    if let Some(twice) = finished.inputs.iter().find(|input| !names.insert(input.info.name.as_str())) {
        return bad(format!("the file `{}` that it came with occurs twice", twice.info.name.as_str()));
    }
    let mut after = HashSet::new();
    if let Some(twice) = job.after.iter().find(|parent| !after.insert(**parent)) {
        return bad(format!("it comes after job {twice} twice"));
    }
    Ok(())
}
