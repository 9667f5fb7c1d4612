//! Actions on all jobs that match a filter, in batches that are a commit each: what was done and how far
//! it came are one step, so that a restart goes on where it was.

use crate::engine::{Db, Id, Row, number, params};
use crate::rules::audit;
use crate::rules::jobs::row::{self, JobHead};
use crate::rules::jobs::{enqueue, finish, transition};
use crate::rules::retention::removal;
use crate::rules::team::follow;
use crate::rules::tx::Tx;
use crate::{ActionPlan, ActionRun, ActionState, ActionStep, JobFilter, NewAction, StoreError};
use anvil_types::{EventKind, Job, JobAction, JobActionId, JobState, Priority, Timestamp, UpstreamKind};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How many jobs a batch looks at.
pub(crate) const BATCH: usize = 200;
/// For how long a batch keeps the writer from others; the rest is for the next.
const LONGEST: Duration = Duration::from_millis(8);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, action, priority, filter, who, state, before, since, planned, touched, left_as_is, waits,
                 started_at, ended_at FROM job_actions ",
            $rest
        )
    };
}
/// Actions that are under way, the oldest first.
pub(crate) const RUNNING: &str =
    select!("INDEXED BY job_actions_running WHERE state = 'running' AND id > x'00' ORDER BY id");
/// Actions older than one, the newest first.
pub(crate) const HISTORY: &str = select!("WHERE id < ?1 ORDER BY id DESC LIMIT ?2");

/// An action with its place.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) run: ActionRun,
    /// It has come down to here.
    pub(crate) before: i64,
    /// Words are looked for once the index has taken this change in.
    pub(crate) since: i64,
}

impl Placed {
    /// The jobs that it still has to come to: those that it touches, and no others.
    pub(crate) fn filter(&self) -> JobFilter {
        narrowed(self.run.action, &self.run.filter)
    }
}

/// A filter that lets through what an action touches; none of it where nothing would be left.
pub(crate) fn narrowed(action: JobAction, filter: &JobFilter) -> JobFilter {
    let wanted = |state: &JobState| filter.states.is_empty() || filter.states.contains(state);
    let states = action.touches().filter(wanted).collect();
    JobFilter { states, after: None, limit: 0, ..filter.clone() }
}

/// All jobs by state and priority.
pub(crate) const COUNT: &str = "SELECT state, priority, count(*) AS jobs FROM jobs GROUP BY state, priority";
/// An upstream's by state and priority.
const COUNT_OF: &str = "SELECT state, priority, count(*) AS jobs FROM jobs WHERE upstream = ?1
    GROUP BY state, priority";
/// An agent's.
pub(crate) const COUNT_AGENT: &str =
    "SELECT state, priority, count(*) AS jobs FROM jobs WHERE agent = ?1 GROUP BY state, priority";
/// Those with a tag, of an agent where that is given.
const COUNT_TAG: &str = "SELECT state, priority, count(*) AS jobs
    FROM job_tags CROSS JOIN jobs ON jobs.seq = job_tags.job
    WHERE tag = ?1 AND (?2 IS NULL OR agent = ?2) AND (?3 IS NULL OR upstream = ?3) GROUP BY state, priority";
/// An agent's for one upstream.
const COUNT_AGENT_OF: &str = "SELECT state, priority, count(*) AS jobs FROM jobs
    WHERE agent = ?1 AND upstream = ?2 GROUP BY state, priority";
/// Those that are done for others.
const COUNT_LED: &str = "SELECT state, priority, count(*) AS jobs FROM jobs INDEXED BY jobs_by_lead
    WHERE lead IS NOT NULL AND (?1 IS NULL OR agent = ?1) AND (?2 IS NULL OR upstream = ?2)
        AND (?3 IS NULL OR EXISTS (SELECT 1 FROM job_tags WHERE tag = ?3 AND job = jobs.seq))
    GROUP BY state, priority";
/// Whether there is a job of another upstream than this one.
const OTHERS: &str = "SELECT 1 FROM job_counts WHERE upstream <> ?1 AND jobs > 0 LIMIT 1";

/// Jobs that match and have to stay for now, with why: what is out for them, or comes after them, says which they may be, and that is
/// little beside what is kept.
const KEPT: &str = concat!(
    "WITH near (seq) AS (
         SELECT j.seq FROM calls INDEXED BY calls_open CROSS JOIN jobs j ON j.id = calls.job
         WHERE calls.state = 'held'
         UNION
         SELECT parent FROM jobs c INDEXED BY jobs_by_state CROSS JOIN job_parents ON child = c.seq
         WHERE c.state IN ('scheduled', 'queued', 'running', 'parked')
         UNION
         SELECT c.root FROM jobs c INDEXED BY jobs_by_state
         WHERE c.state IN ('scheduled', 'queued', 'running', 'parked') AND c.root IS NOT NULL
     ), kept (seq) AS (
         SELECT seq FROM near UNION SELECT root FROM near CROSS JOIN jobs USING (seq) WHERE root IS NOT NULL
     )
     SELECT state, priority, lead IS NOT NULL AS led, ",
    removal::held_back!(),
    " AS why, count(*) AS jobs FROM kept CROSS JOIN jobs USING (seq)
     WHERE finished_at IS NOT NULL AND (?1 IS NULL OR agent = ?1) AND (?2 IS NULL OR upstream = ?2)
         AND (?3 IS NULL OR EXISTS (SELECT 1 FROM job_tags WHERE tag = ?3 AND job = jobs.seq))
     GROUP BY state, priority, led, why"
);

/// Counts what matches by its row, without looking at jobs one by one.
pub(crate) fn plan(db: &Db, action: JobAction, filter: &JobFilter) -> Result<ActionPlan, StoreError> {
    let read = |row: &Row<'_>| Ok((row.word("state")?, row.priority("priority")?, row.count("jobs")?));
    // Where all jobs are of one upstream, an index counts them.
    let of = match filter.upstream.map(UpstreamKind::name) {
        Some(name) if db.first(OTHERS, [name], |_| Ok(()))?.is_some() => Some(name),
        _ => None,
    };
    let counted: Vec<(JobState, Priority, u64)> = match (&filter.tag, &filter.agent) {
        (Some(tag), agent) => db.all(COUNT_TAG, params![tag, agent, of], read),
        (None, Some(agent)) if of.is_some() => db.all(COUNT_AGENT_OF, params![agent, of], read),
        (None, Some(agent)) => db.all(COUNT_AGENT, [agent], read),
        (None, None) if of.is_some() => db.all(COUNT_OF, params![of], read),
        (None, None) => db.all(COUNT, params![], read),
    }?;
    // Only where they are left for it does it matter which of them are led.
    let led: Vec<(JobState, Priority, u64)> = match action.leaves_led() {
        Some(_) => db.all(COUNT_LED, params![filter.agent, of, filter.tag], read)?,
        None => Vec::new(),
    };
    let mut plan = ActionPlan::default();
    for (state, priority, jobs) in counted {
        let fits = filter.states.is_empty() || filter.states.contains(&state);
        if fits && filter.priority.is_none_or(|wanted| wanted == priority) {
            let led = led.iter().find(|(of, by, _)| (*of, *by) == (state, priority));
            let led = led.map_or(0, |(_, _, led)| *led).min(jobs);
            count(&mut plan, action, state, priority, PlaceInTree::Led, led);
            count(&mut plan, action, state, priority, PlaceInTree::Root, jobs - led);
        }
    }
    if action == JobAction::Delete {
        keep(db, &mut plan, filter, of)?;
    }
    Ok(plan)
}

// Jobs of which a plan says that they go, and that have to stay for now.
fn keep(db: &Db, plan: &mut ActionPlan, filter: &JobFilter, of: Option<&str>) -> Result<(), StoreError> {
    let kept = db.all(KEPT, params![filter.agent, of, filter.tag], |row: &Row<'_>| {
        let place = if row.get("led")? { PlaceInTree::Led } else { PlaceInTree::Root };
        let why: Option<String> = row.get("why")?;
        Ok((row.word::<JobState>("state")?, row.priority("priority")?, place, why, row.count("jobs")?))
    })?;
    for (state, priority, place, why, jobs) in kept {
        let fits = filter.states.is_empty() || filter.states.contains(&state);
        let Some(why) = why.filter(|_| fits && filter.priority.is_none_or(|wanted| wanted == priority))
        else {
            continue;
        };
        let from = match place {
            PlaceInTree::Root => &mut plan.touched,
            PlaceInTree::Led => {
                plan.left.entry(JobAction::Delete.leaves_led().unwrap_or_default().to_owned()).or_default()
            }
        };
        *from = from.saturating_sub(jobs);
        *plan.left.entry(why).or_default() += jobs;
    }
    plan.left.retain(|_, jobs| *jobs > 0);
    Ok(())
}

/// Where a job stands in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaceInTree {
    /// It is done for nobody.
    Root,
    /// It is done for another one.
    Led,
}

/// Adds jobs to a plan.
pub(crate) fn count(
    plan: &mut ActionPlan,
    action: JobAction,
    state: JobState,
    priority: Priority,
    place: PlaceInTree,
    jobs: u64,
) {
    if jobs == 0 {
        return;
    }
    let has_it = action.priority() == Some(priority);
    let is_led = action.leaves_led().filter(|_| place == PlaceInTree::Led);
    match action.leaves(state).or(has_it.then_some(SAME_PRIORITY)).or(is_led) {
        Some(why) => *plan.left.entry(why.to_owned()).or_default() += jobs,
        None => plan.touched += jobs,
    }
}

const SAME_PRIORITY: &str = "has this priority already";

/// Begins an action: jobs that come after this are none of its business.
pub(crate) fn begin(tx: &mut Tx<'_>, new: &NewAction, planned: u64) -> Result<ActionRun, StoreError> {
    let filter = serde_json::to_string(&new.filter).map_err(|error| StoreError::Backend(Box::new(error)))?;
    tx.run(
        "INSERT INTO job_actions (id, action, priority, filter, who, state, before, since, planned, started_at)
         SELECT ?1, ?2, ?3, ?4, ?5, 'running', coalesce((SELECT max(seq) FROM jobs), 0) + 1,
             coalesce((SELECT max(change) FROM job_changes), 0), ?6, ?7",
        params![
            new.id.bytes(),
            new.action.name(),
            new.action.priority().map(Priority::rank),
            filter,
            new.by,
            number(planned),
            tx.now.micros(),
        ],
    )?;
    audit::note(tx, &new.by, &format!("jobs.{}", new.action.name()), &format!("{} {filter}", new.id))?;
    tx.tell(None, EventKind::JobAction { action: new.id });
    Ok(one(tx.db, new.id)?.run)
}

/// Does a batch: the jobs that come next, all of them where they are fewer than [`BATCH`].
pub(crate) fn step(tx: &mut Tx<'_>, seen: &Placed, jobs: &[i64]) -> Result<ActionStep, StoreError> {
    let mut placed = one(tx.db, seen.run.id)?;
    let mut stopped = Vec::new();
    // Somebody else did a batch, or stopped it.
    if placed.before != seen.before || placed.run.state != ActionState::Running {
        return Ok(ActionStep { run: placed.run, stopped });
    }
    let filter = placed.filter();
    let began = Instant::now();
    placed.run.waits = None;
    let mut all_done = true;
    for seq in jobs {
        if began.elapsed() > LONGEST {
            all_done = false;
            break;
        }
        let Some(job) = row::listed(tx.db, *seq)? else { continue };
        if filter.lets_through(&job) {
            match act(tx, placed.run.action, *seq, &job)? {
                Acted::Touched => placed.run.touched += 1,
                Acted::Left(why) => *placed.run.left.entry(why).or_default() += 1,
                Acted::Waits(why) => {
                    placed.run.waits = Some(why);
                    all_done = false;
                    break;
                }
            }
            if job.state == JobState::Running && placed.run.action == JobAction::Cancel {
                stopped.push(job.id);
            }
        }
        placed.before = *seq;
    }
    if all_done && jobs.len() < BATCH {
        end(&mut placed.run, ActionState::Done, tx.now);
    }
    put(tx, &placed)?;
    tx.tell(None, EventKind::JobAction { action: placed.run.id });
    Ok(ActionStep { run: placed.run, stopped })
}

/// Says what an action waits for that could not look for its jobs yet.
pub(crate) fn wait(tx: &mut Tx<'_>, id: JobActionId, why: &str) -> Result<ActionStep, StoreError> {
    let mut placed = one(tx.db, id)?;
    if placed.run.state == ActionState::Running && placed.run.waits.as_deref() != Some(why) {
        placed.run.waits = Some(why.to_owned());
        put(tx, &placed)?;
        tx.tell(None, EventKind::JobAction { action: id });
    }
    Ok(ActionStep { run: placed.run, stopped: Vec::new() })
}

/// What became of one job.
enum Acted {
    Touched,
    Left(String),
    Waits(String),
}

fn act(tx: &mut Tx<'_>, action: JobAction, seq: i64, job: &Job) -> Result<Acted, StoreError> {
    match action {
        JobAction::Cancel => transition::stop(tx, &JobHead::find(tx, job.id)?)?,
        JobAction::Retry => {
            if let Err(full) = enqueue::room_again(tx, job) {
                return Ok(Acted::Waits(full.to_string()));
            }
            if let Some(why) = action.leaves_led().filter(|_| job.lead.is_some()) {
                return Ok(Acted::Left(why.to_owned()));
            }
            match finish::again(tx, &JobHead::find(tx, job.id)?) {
                // It follows by itself when the job that it comes after is run again.
                Err(first @ StoreError::BadParent { .. }) => return Ok(Acted::Left(first.to_string())),
                done => done?,
            }
        }
        JobAction::Resume => finish::resume(tx, &JobHead::find(tx, job.id)?)?,
        JobAction::Prioritise(priority) if priority == job.priority => {
            return Ok(Acted::Left(SAME_PRIORITY.to_owned()));
        }
        JobAction::Prioritise(priority) => {
            tx.run("UPDATE jobs SET priority = ?2 WHERE seq = ?1", params![seq, priority.rank()])?;
            follow::priority(tx, seq, priority)?;
            tx.tell(Some(job.id), EventKind::Job { state: job.state, agent: job.agent.clone() });
        }
        JobAction::Delete => {
            if let Some(why) = removal::take_out(tx, seq, job.id)? {
                return Ok(Acted::Left(why));
            }
        }
    }
    Ok(Acted::Touched)
}

fn end(run: &mut ActionRun, state: ActionState, now: Timestamp) {
    run.state = state;
    run.waits = None;
    run.ended_at = Some(now);
}

fn put(tx: &Tx<'_>, placed: &Placed) -> Result<(), StoreError> {
    let run = &placed.run;
    let left = serde_json::to_string(&run.left).map_err(|error| StoreError::Backend(Box::new(error)))?;
    tx.run(
        "UPDATE job_actions SET state = ?2, before = ?3, touched = ?4, left_as_is = ?5, waits = ?6, ended_at = ?7
         WHERE id = ?1",
        params![
            run.id.bytes(),
            run.state.name(),
            placed.before,
            number(run.touched),
            left,
            run.waits,
            run.ended_at.map(Timestamp::micros),
        ],
    )
    .map(drop)
}

/// Stops an action where it is.
pub(crate) fn stop(tx: &mut Tx<'_>, id: JobActionId, by: &str) -> Result<ActionRun, StoreError> {
    let mut placed = one(tx.db, id)?;
    if placed.run.state != ActionState::Running {
        return Err(StoreError::ActionOver(id));
    }
    end(&mut placed.run, ActionState::Stopped, tx.now);
    put(tx, &placed)?;
    audit::note(tx, by, "jobs.stop", &id.to_string())?;
    tx.tell(None, EventKind::JobAction { action: id });
    Ok(placed.run)
}

/// An action with its place.
pub(crate) fn one(db: &Db, id: JobActionId) -> Result<Placed, StoreError> {
    db.first(select!("WHERE id = ?1"), [id.bytes()], read)?.ok_or(StoreError::NoSuchAction(id))
}

/// Actions, the newest first: `limit` of them older than `after`.
pub(crate) fn list(db: &Db, after: Option<JobActionId>, limit: u32) -> Result<Vec<ActionRun>, StoreError> {
    let after = after.map_or([0xff; 16], Id::bytes);
    db.all(HISTORY, params![after, limit], |row| Ok(read(row)?.run))
}

/// Actions that are under way, the oldest first.
pub(crate) fn running(db: &Db) -> Result<Vec<JobActionId>, StoreError> {
    db.all(RUNNING, params![], |row| row.id("id"))
}

fn read(row: &Row<'_>) -> Result<Placed, StoreError> {
    let priority = match row.get::<Option<i64>>("priority")? {
        Some(_) => Some(row.priority("priority")?),
        None => None,
    };
    let action =
        JobAction::named(row.text("action")?, priority).map_err(|why| StoreError::Backend(why.into()))?;
    let left: BTreeMap<String, u64> = row.structure("left_as_is")?;
    Ok(Placed {
        run: ActionRun {
            id: row.id("id")?,
            action,
            filter: row.structure("filter")?,
            by: row.get("who")?,
            state: row.word("state")?,
            planned: row.count("planned")?,
            touched: row.count("touched")?,
            left,
            waits: row.get("waits")?,
            started_at: row.time("started_at")?,
            ended_at: row.maybe_time("ended_at")?,
        },
        before: row.get("before")?,
        since: row.get("since")?,
    })
}
