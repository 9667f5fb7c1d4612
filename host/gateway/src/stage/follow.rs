//! Calls whose prompts begin the same go out one behind the other: the first one's answer has begun before the others are
//! sent, so that they read what it writes.

use crate::door::GatewayDoor;
use crate::flight::Flight;
use crate::flight::admit::still_may;
use crate::flight::watcher::Watcher;
use crate::line::denied::Denied;
use crate::prompt_cache::leads::Joined;
use crate::stage::mark::{MarkedPrompt, caches};
use std::time::Duration;

/// The longest that a call is held up for it.
const LONGEST: Duration = Duration::from_secs(30);

/// Waits until nobody writes what this flight's prompt would write too. One that may not go out any more after that is
/// released, and says why.
pub(crate) async fn follow(
    door: &GatewayDoor,
    flight: &mut Flight<'_>,
    prompt: Option<&MarkedPrompt>,
    watcher: &mut impl Watcher,
) -> Result<(), Denied> {
    let Some(prompt) = prompt else { return Ok(()) };
    let (model, until) = (flight.bid().row.model.clone(), door.clock.now() + LONGEST);
    let mut has_waited = false;
    loop {
        let now = door.clock.now();
        let writes = caches(door).written(&prompt.prompt.outline, &prompt.marks, &model, now);
        if writes.is_empty() {
            break;
        }
        match door.leads.join(&model, writes) {
            Joined::First(lead) => {
                flight.lead(lead);
                break;
            }
            Joined::Behind(_) if now >= until => break,
            Joined::Behind(other) => tokio::select! {
                () = other.over() => {}
                () = door.clock.sleep_until(until) => {}
                () = watcher.gone() => {
                    flight.release("the asker was gone", None).await.map_err(Denied::Failed)?;
                    return Err(Denied::Gone);
                }
            },
        }
        has_waited = true;
    }
    if has_waited { still_may(flight).await } else { Ok(()) }
}
