//! The loop that makes the jobs of schedules.

use super::ScheduleControl;
use super::cron::{LATE, Times};
use anvil_store::{Firing, StoreError};
use anvil_types::{End, Schedule, ScheduleId, Timestamp};
use std::collections::HashSet;
use std::time::Duration;

/// Schedules are looked at at least this often.
const LOOK: Duration = Duration::from_mins(1);
/// A full queue is tried again after this long.
const AGAIN: Duration = Duration::from_secs(1);
/// How far a clock may be driven at once for the times in between to count as come while the host was there.
const DRIVEN: Duration = Duration::from_hours(1);

/// Makes the jobs of schedules when their times come, until the host shuts down.
pub(crate) async fn run(schedules: ScheduleControl) -> End {
    let mut looked: Option<Timestamp> = None;
    let mut rested = HashSet::new();
    while !schedules.shutdown.is_cancelled() {
        let now = schedules.clock.now();
        // A clock leaps where the host was not there (it slept); one that is driven leaps a little while it is.
        let leap = if schedules.driven { DRIVEN } else { LATE };
        let was_there = looked.is_some_and(|last| now.since(last) <= leap);
        let stuck = match look(&schedules, now, was_there, &mut rested).await {
            Ok(stuck) => {
                looked = Some(now);
                stuck
            }
            Err(error) => {
                tracing::error!(%error, "schedules could not be looked at");
                true
            }
        };
        let now = schedules.clock.now();
        let due = schedules.store.next_schedule(schedules.upstream).await.ok().flatten();
        let next = if stuck { now + AGAIN } else { due.map_or(now + LOOK, |due| due.min(now + LOOK)) };
        let pause = async {
            schedules.clock.sleep_until(next).await;
            if stuck {
                // However fast a driven clock runs, a queue that is full is not asked all the time.
                tokio::time::sleep(AGAIN / 10).await;
            }
        };
        tokio::select! {
            () = pause => {}
            () = schedules.changed.notified() => {}
            () = schedules.shutdown.cancelled() => return End::Asked,
        }
    }
    End::Asked
}

// Fires what is due; whether something of it is left to be fired. `was_there`: the host was, since the last look.
// `rested`: those that were due at the last look while their agent was switched off.
async fn look(
    schedules: &ScheduleControl,
    now: Timestamp,
    was_there: bool,
    rested: &mut HashSet<ScheduleId>,
) -> Result<bool, StoreError> {
    let mut due = schedules.store.due_schedules(schedules.upstream).await?;
    if due.is_empty() {
        return Ok(false);
    }
    // Nobody who switched an agent off wants the queue filled with its jobs meanwhile: its times are missed.
    let off = schedules.store.disabled_agents().await?;
    let rests = |schedule: &Schedule| off.contains(&schedule.job.agent);
    let rested_before =
        std::mem::replace(rested, due.iter().filter(|due| rests(due)).map(|due| due.id).collect());
    due.retain(|schedule| !rests(schedule));
    let usual = schedules.making.usual_cost().await?;
    let mut stuck = false;
    for schedule in due {
        let Some(first) = schedule.next_at else { continue };
        let times = match Times::new(&schedule.cron, &schedule.time_zone) {
            Ok(times) => times,
            Err(error) => {
                tracing::error!(schedule = %schedule.name, %error, "a schedule's times cannot be worked out");
                stuck = true;
                continue;
            }
        };
        let was_there = was_there && !rested_before.contains(&schedule.id);
        let owed_to = if was_there { Some(now) } else { schedule.owed_to };
        let plan = times.due(schedule.missed, first, owed_to, now);
        let jobs =
            plan.runs.iter().map(|time| (*time, schedules.making.scheduled(&schedule, usual, Some(*time))));
        let firing = Firing {
            name: schedule.name.clone(),
            id: schedule.id,
            due: first,
            jobs: jobs.collect(),
            next_at: plan.next,
            newest: times.newest_by(now),
            looked_at: now,
        };
        match schedules.store.fire_schedule(firing).await {
            Ok(fired) => stuck |= fired.blocked.is_some() || plan.next.is_some_and(|next| next <= now),
            // One that fails keeps its time, and no other from its own.
            Err(error) => {
                tracing::error!(schedule = %schedule.name, %error, "a schedule could not be fired");
                stuck = true;
            }
        }
    }
    Ok(stuck)
}
