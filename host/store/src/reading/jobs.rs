//! Lists and counts for people.
//!
//! A page is gathered from probes of an index, one for each state and priority that the filter lets
//! through, so that it costs the same with ten jobs as with a million.

use crate::engine::{Db, Id, params};
use crate::rules::agent_use;
use crate::rules::jobs::row;
use crate::{JobFilter, JobPage, QueueCounts, StoreError};
use anvil_types::{Attempt, Job, JobError, JobId, JobState, Priority, Timestamp, UpstreamKind};

/// The longest page.
const LONGEST: u32 = 500;

/// Older than a place, of all jobs.
pub(crate) const ALL: &str = "SELECT seq FROM jobs WHERE seq < ?1 AND (?3 IS NULL OR upstream = ?3)
        AND (NOT ?4 OR lead IS NULL) ORDER BY seq DESC LIMIT ?2";
/// Older than a place, in one state with one priority.
pub(crate) const BY_STATE: &str =
    "SELECT seq FROM jobs WHERE state = ?3 AND priority = ?4 AND seq < ?1 AND (?5 IS NULL OR upstream = ?5)
        AND (NOT ?6 OR lead IS NULL) ORDER BY seq DESC LIMIT ?2";
/// Older than a place, of one agent, in one state with one priority.
pub(crate) const BY_AGENT: &str = "SELECT seq FROM jobs
    WHERE agent = ?5 AND state = ?3 AND priority = ?4 AND seq < ?1 AND (?6 IS NULL OR upstream = ?6)
        AND (NOT ?7 OR lead IS NULL) ORDER BY seq DESC LIMIT ?2";
/// Older than a place, with one tag; the rest of the filter as conditions on the job.
pub(crate) const BY_TAG: &str = "SELECT job FROM job_tags CROSS JOIN jobs ON jobs.seq = job_tags.job
    WHERE tag = ?3 AND job < ?1 AND (?4 IS NULL OR agent = ?4) AND (?5 IS NULL OR priority = ?5)
        AND (?6 = '' OR instr(?6, ' ' || state || ' ') > 0) AND (?7 IS NULL OR upstream = ?7)
        AND (NOT ?8 OR lead IS NULL) ORDER BY job DESC LIMIT ?2";

/// A job.
pub(crate) fn job(db: &Db, id: JobId) -> Result<Option<Job>, StoreError> {
    row::find(db, id)
}

/// How many jobs a page has at most.
pub(crate) fn length(filter: &JobFilter) -> usize {
    filter.limit.clamp(1, LONGEST) as usize
}

/// Whether a filter asks for a tag and for more: all jobs of the tag would have to be looked at.
pub(crate) fn crosses_tags(filter: &JobFilter) -> bool {
    filter.tag.is_some() && (!filter.states.is_empty() || filter.agent.is_some() || filter.priority.is_some())
}

/// A page of jobs, the newest first.
pub(crate) fn jobs(db: &Db, filter: &JobFilter) -> Result<JobPage, StoreError> {
    let limit = filter.limit.clamp(1, LONGEST);
    let before = before(db, filter.after)?;
    // One more than the page tells whether there is another.
    let mut seqs = seqs(db, filter, before, limit + 1)?;
    let more = seqs.len() > limit as usize;
    seqs.truncate(limit as usize);
    let mut page = JobPage::default();
    for seq in seqs {
        page.items.extend(row::listed(db, seq)?);
    }
    if more {
        page.next = page.items.last().map(|job| job.id);
    }
    Ok(page)
}

/// The places that a filter lets through, older than one, the newest first.
pub(crate) fn seqs(db: &Db, filter: &JobFilter, before: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
    let upstream = filter.upstream.map(UpstreamKind::name);
    if let Some(tag) = &filter.tag {
        let states: String = filter.states.iter().flat_map(|state| [" ", state.name(), " "]).collect();
        let priority = filter.priority.map(Priority::rank);
        return db.all(
            BY_TAG,
            params![before, limit, tag, filter.agent, priority, states, upstream, filter.roots],
            |row| row.get(0),
        );
    }
    if filter.states.is_empty() && filter.agent.is_none() && filter.priority.is_none() {
        return db.all(ALL, params![before, limit, upstream, filter.roots], |row| row.get(0));
    }
    // Each once, however often it is named.
    let asked = |state: &JobState| filter.states.is_empty() || filter.states.contains(state);
    let states = JobState::ALL.iter().filter(|state| asked(state));
    let priorities = filter.priority.as_ref().map_or(&Priority::ALL[..], std::slice::from_ref);
    let mut seqs: Vec<i64> = Vec::new();
    for state in states {
        for priority in priorities {
            let probed: Vec<i64> = match &filter.agent {
                Some(agent) => {
                    let place =
                        params![before, limit, state.name(), priority.rank(), agent, upstream, filter.roots];
                    db.all(BY_AGENT, place, |row| row.get(0))
                }
                None => {
                    let place = params![before, limit, state.name(), priority.rank(), upstream, filter.roots];
                    db.all(BY_STATE, place, |row| row.get(0))
                }
            }?;
            seqs.extend(probed);
        }
    }
    seqs.sort_unstable_by(|one, other| other.cmp(one));
    seqs.dedup();
    seqs.truncate(limit as usize);
    Ok(seqs)
}

/// The place of a job.
pub(crate) const PLACE: &str = "SELECT seq FROM jobs WHERE id = ?1";
/// The place after the newest job whose id is older: where one stood that is gone.
pub(crate) const PLACE_OF_GONE: &str = "SELECT seq + 1 FROM jobs WHERE id < ?1 ORDER BY id DESC LIMIT 1";

/// Where a page begins that comes after a job; the job may be gone since.
pub(crate) fn before(db: &Db, after: Option<JobId>) -> Result<i64, StoreError> {
    let Some(after) = after else { return Ok(i64::MAX) };
    if let Some(place) = db.first(PLACE, [after.bytes()], |row| row.get(0))? {
        return Ok(place);
    }
    Ok(db.first(PLACE_OF_GONE, [after.bytes()], |row| row.get(0))?.unwrap_or(0))
}

/// The jobs in these places that a filter lets through, in the order of the places.
pub(crate) fn let_through(db: &Db, filter: &JobFilter, places: &[i64]) -> Result<Vec<Job>, StoreError> {
    let mut jobs = Vec::with_capacity(places.len());
    for place in places {
        jobs.extend(row::listed(db, *place)?.filter(|job| filter.lets_through(job)));
    }
    Ok(jobs)
}

/// The job in a place, or the next newer one where that is gone.
pub(crate) const AT: &str = "SELECT id FROM jobs WHERE seq >= ?1 ORDER BY seq LIMIT 1";

/// The job in a place, or the next newer one where that is gone.
pub(crate) fn id_at(db: &Db, place: i64) -> Result<Option<JobId>, StoreError> {
    db.first(AT, [place], |row| row.id("id"))
}

/// A job's attempts, the first first.
pub(crate) fn attempts(db: &Db, job: JobId) -> Result<Vec<Attempt>, StoreError> {
    let select = "SELECT number, started_at, ended_at, error_kind, error_message, cpu_us, wall_us, waited_us, memory_bytes,
             table_elements, log_lines, log_bytes FROM attempts
         WHERE job = (SELECT seq FROM jobs WHERE id = ?1) ORDER BY number";
    db.all(select, [job.bytes()], |row| {
        let error = match row.get::<Option<String>>("error_kind")? {
            Some(kind) => Some(JobError { kind, message: row.get("error_message")? }),
            None => None,
        };
        Ok(Attempt {
            number: row.get("number")?,
            started_at: row.time("started_at")?,
            ended_at: row.maybe_time("ended_at")?,
            error,
            used: agent_use::read(row)?,
        })
    })
}

/// How many jobs of an upstream there are in each state.
pub(crate) fn counts(db: &Db, upstream: UpstreamKind) -> Result<QueueCounts, StoreError> {
    let mut counts = QueueCounts::default();
    let rows: Vec<(JobState, u64)> =
        db.all(COUNTS, [upstream.name()], |row| Ok((row.word("state")?, row.count("jobs")?)))?;
    for (state, jobs) in rows {
        *match state {
            JobState::Scheduled => &mut counts.scheduled,
            JobState::Queued => &mut counts.queued,
            JobState::Running => &mut counts.running,
            JobState::Parked => &mut counts.parked,
            JobState::Succeeded => &mut counts.succeeded,
            JobState::Failed => &mut counts.failed,
            JobState::Cancelled => &mut counts.cancelled,
        } = jobs;
    }
    counts.oldest_queued = db
        .first(OLDEST, [upstream.name()], |row| row.get::<Option<i64>>(0))?
        .flatten()
        .map(Timestamp::from_micros);
    Ok(counts)
}

const COUNTS: &str = "SELECT state, jobs FROM job_counts WHERE upstream = ?1";
/// How long the queued job that waits longest has waited.
pub(crate) const OLDEST: &str = "SELECT ready_at FROM jobs INDEXED BY jobs_oldest
    WHERE state = 'queued' AND upstream = ?1 AND ready_at >= 0 ORDER BY ready_at LIMIT 1";
/// The next time at which a scheduled or parked job wakes by itself.
pub(crate) const NEXT_DUE: &str = "SELECT min(due_at) FROM jobs WHERE upstream = ?1 AND due_at IS NOT NULL";

/// What is first in line in one state; of many that wait for a slot or for an event those that wait longest.
pub(crate) const FRONT: &str = "SELECT seq FROM jobs WHERE state = ?1 AND upstream = ?3
    ORDER BY CASE WHEN state = 'queued' THEN priority END, due_at IS NULL, due_at, ready_at, seq LIMIT ?2";

/// The jobs that are unfinished, those first that are first in line.
pub(crate) fn front(db: &Db, upstream: UpstreamKind, limit: u32) -> Result<Vec<Job>, StoreError> {
    let mut jobs = Vec::new();
    for state in [JobState::Running, JobState::Queued, JobState::Parked, JobState::Scheduled] {
        let seqs: Vec<i64> =
            db.all(FRONT, params![state.name(), limit, upstream.name()], |row| row.get(0))?;
        for seq in seqs {
            jobs.extend(row::listed(db, seq)?);
        }
    }
    Ok(jobs)
}

/// When the next scheduled or parked job of an upstream is due.
pub(crate) fn next_due(db: &Db, upstream: UpstreamKind) -> Result<Option<Timestamp>, StoreError> {
    let due = db.first(NEXT_DUE, [upstream.name()], |row| row.get::<Option<i64>>(0))?;
    Ok(due.flatten().map(Timestamp::from_micros))
}
