//! Tells people of a job that runs alone for long, since it was there in crashes of the host: all others wait for it.

use crate::shared::Shared;
use anvil_store::StoreError;
use anvil_types::words::{AlertCause, AlertKey, RunsAlone};
use anvil_types::{End, JobId, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(10);
/// How long a job may run alone before people are told.
const LONG: Duration = Duration::from_mins(1);

/// Of whom people were told last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    /// What an earlier life of the host told is not known.
    #[default]
    Unknown,
    /// That nobody runs alone, or not for long.
    Nobody,
    /// Of this job.
    Of(JobId),
}

/// Who runs alone, and what was said of it.
#[derive(Default)]
struct Seen {
    alone: Option<(JobId, Timestamp)>,
    told: Told,
}

/// Raises an alert where a job runs alone for long while others wait, and resolves it once that is over.
pub(crate) async fn tell(shared: Arc<Shared>) -> End {
    let mut seen = Seen::default();
    loop {
        if let Err(error) = look(&shared, &mut seen).await {
            tracing::error!(%error, "people could not be told of a job that runs alone");
        }
        tokio::select! {
            () = shared.clock.sleep(LOOK) => {}
            () = shared.shutdown.cancelled() => return End::Asked,
        }
    }
}

async fn look(shared: &Shared, seen: &mut Seen) -> Result<(), StoreError> {
    let now = shared.clock.now();
    let alone = shared.store.suspects().await?.running;
    let since = seen.alone.filter(|(job, _)| Some(*job) == alone).map(|(_, since)| since);
    seen.alone = alone.map(|job| (job, since.unwrap_or(now)));
    let long = seen.alone.filter(|(_, since)| now.since(*since) >= LONG).map(|(job, _)| job);
    let tells = long.map_or(Told::Nobody, Told::Of);
    if seen.told == tells || (long.is_some() && shared.store.queue_counts().await?.queued == 0) {
        return Ok(());
    }
    // Of another job another alert fires.
    shared.store.resolve_alert(&AlertKey::RunsAlone(shared.settings.upstream)).await?;
    if let Some(job) = long {
        shared.raise(&AlertCause::RunsAlone(RunsAlone { job })).await?;
    }
    seen.told = tells;
    Ok(())
}
