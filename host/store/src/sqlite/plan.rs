//! What an action on many jobs would touch, and what it comes to next, where a search says which jobs they are.

use super::SqliteStore;
use crate::engine::Db;
use crate::reading::jobs;
use crate::rules::jobs::bulk::{BATCH, PlaceInTree, Placed, count};
use crate::rules::retention::removal;
use crate::{ActionPlan, ActionState, JobFilter, StoreError};
use anvil_types::{Job, JobAction};

/// The most jobs that are counted one by one before an action.
const COUNTED: usize = 20_000;
/// How many of them are read at once.
const CHUNK: usize = 1_000;

impl SqliteStore {
    /// Counts what a search finds, one by one, up to a bound.
    pub(crate) async fn plan_of_search(
        &self,
        action: JobAction,
        filter: &JobFilter,
    ) -> Result<ActionPlan, StoreError> {
        let mut plan = ActionPlan::default();
        let (mut before, mut counted) = (i64::MAX, 0);
        while let Some(found) =
            self.search.next(filter, filter.search.as_deref().unwrap_or(""), before, CHUNK, 0).await?
        {
            let ended = found.len() < CHUNK;
            before = found.last().copied().unwrap_or(0);
            counted += found.len();
            let wanted = filter.clone();
            let read = move |db: &Db| {
                let jobs = jobs::let_through(db, &wanted, &found)?.into_iter();
                let kept = |job: Job| {
                    let goes = action == JobAction::Delete && action.leaves(job.state).is_none();
                    let why = if goes { removal::why_kept(db, job.id)? } else { None };
                    Ok((job, why))
                };
                jobs.map(kept).collect::<Result<Vec<_>, StoreError>>()
            };
            for (job, why) in self.readers.read(read).await? {
                let place = if job.lead.is_some() { PlaceInTree::Led } else { PlaceInTree::Root };
                match why {
                    Some(why) => *plan.left.entry(why).or_default() += 1,
                    None => count(&mut plan, action, job.state, job.priority, place, 1),
                }
            }
            if ended {
                return Ok(plan);
            }
            if counted >= COUNTED {
                break;
            }
        }
        plan.at_least = true;
        Ok(plan)
    }

    /// The jobs that an action comes to next; none while the search has to catch up first.
    pub(crate) async fn next_of_action(&self, placed: &Placed) -> Result<Option<Vec<i64>>, StoreError> {
        let filter = placed.filter();
        if placed.run.state != ActionState::Running || filter.states.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let before = placed.before;
        if let Some(typed) = filter.search.clone() {
            return self.search.next(&filter, &typed, before, BATCH, placed.since).await;
        }
        let most = u32::try_from(BATCH).unwrap_or(u32::MAX);
        self.readers.read(move |db| jobs::seqs(db, &filter, before, most)).await.map(Some)
    }
}
