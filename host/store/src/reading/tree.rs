//! The tree that a job stands in, for people.

use crate::StoreError;
use crate::engine::{Db, Id, Row};
use anvil_types::{Branch, JobId, Nanodollars};

/// The root of a job's tree, and how many jobs that leads.
pub(crate) const ROOT: &str = "SELECT root.seq, root.leads FROM jobs CROSS JOIN jobs root
     ON root.seq = coalesce(jobs.root, jobs.seq) WHERE jobs.id = ?1";
/// A root and all below it, leads first.
pub(crate) const TREE: &str =
    "SELECT seq, id, lead, depth, agent, action, state, cost, held, max_cost FROM jobs
     WHERE seq = ?1
     UNION ALL SELECT seq, id, lead, depth, agent, action, state, cost, held, max_cost FROM jobs
     INDEXED BY jobs_by_root WHERE root = ?1";

/// A job of a tree with its place and that of its lead.
struct Placed {
    seq: i64,
    lead: Option<i64>,
    branch: Branch,
}

/// The jobs of the tree that a job stands in: each before those that it leads, and those in the order in which they
/// were made. None where it stands alone.
pub(crate) fn tree(db: &Db, job: JobId) -> Result<Vec<Branch>, StoreError> {
    let root: Option<(i64, i64)> = db.first(ROOT, [job.bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((root, _)) = root.filter(|(_, leads)| *leads > 0) else { return Ok(Vec::new()) };
    let mut jobs = db.all(TREE, [root], placed)?;
    jobs.sort_unstable_by_key(|job| job.seq);
    let mut branches = Vec::with_capacity(jobs.len());
    walk(&jobs, root, &mut branches);
    Ok(branches)
}

/// Adds a job and all below it; answers what they cost together.
fn walk(jobs: &[Placed], seq: i64, branches: &mut Vec<Branch>) -> Nanodollars {
    let Some(job) = jobs.iter().find(|job| job.seq == seq) else { return Nanodollars::ZERO };
    let place = branches.len();
    let lead = job.lead.and_then(|lead| jobs.iter().find(|job| job.seq == lead));
    branches.push(Branch { lead: lead.map(|lead| lead.branch.id), ..job.branch.clone() });
    let led = jobs.iter().filter(|led| led.lead == Some(seq));
    let below = led.fold(Nanodollars::ZERO, |sum, led| sum + walk(jobs, led.seq, branches));
    branches[place].below = below;
    job.branch.cost + below
}

fn placed(row: &Row<'_>) -> Result<Placed, StoreError> {
    Ok(Placed {
        seq: row.get("seq")?,
        lead: row.get("lead")?,
        branch: Branch {
            id: row.id("id")?,
            lead: None,
            depth: row.get("depth")?,
            agent: row.get("agent")?,
            action: row.get("action")?,
            state: row.word("state")?,
            cost: row.money("cost")?,
            below: Nanodollars::ZERO,
            held: row.money("held")?,
            max_cost: row.money("max_cost")?,
        },
    })
}
