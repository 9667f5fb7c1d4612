//! What people are told of batches beside what the store has of them.

use crate::door::GatewayDoor;
use anvil_store::{NewAlert, StoreError};
use anvil_types::words::{AlertCause, AlertKey, BatchUnheard};
use anvil_types::{BatchNote, BatchTrouble, Json};
use std::collections::BTreeSet;

/// What they were told.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// The note as the store has it, once that is known: an earlier life of the host may have left one.
    noted: Option<String>,
    /// Batches of which an alert was raised.
    raised: BTreeSet<u64>,
}

impl Notices {
    /// This is so now.
    pub(crate) async fn tell(&mut self, door: &GatewayDoor, note: BatchNote) -> Result<(), StoreError> {
        let upstream = door.config.upstream.kind;
        for (number, BatchTrouble { why, .. }) in &note.troubles {
            if self.raised.insert(*number) {
                tracing::warn!(
                    batch = number,
                    why,
                    "what became of a batch cannot be heard; it is asked for on"
                );
                let cause = AlertCause::BatchUnheard(BatchUnheard { batch: *number, why });
                door.store.raise_alert(NewAlert::of(upstream, &cause)).await?;
            }
        }
        let is_well = |number: &u64| !note.troubles.contains_key(number);
        let well: Vec<u64> = self.raised.iter().copied().filter(is_well).collect();
        for number in well {
            self.over(door, number).await?;
        }
        let (key, text) = (BatchNote::key(upstream), Json::of(&note));
        if self.noted.is_none() {
            let nothing = || Json::of(&BatchNote::default()).as_str().to_owned();
            self.noted = Some(door.store.recall(&key).await?.unwrap_or_else(nothing));
        }
        if self.noted.as_deref() != Some(text.as_str()) {
            door.store.remember(&key, text.as_str()).await?;
            self.noted = Some(text.as_str().to_owned());
        }
        Ok(())
    }

    /// Nothing is wrong with a batch any more. An earlier life of the host may have said so.
    pub(crate) async fn over(&mut self, door: &GatewayDoor, batch: u64) -> Result<(), StoreError> {
        let key = AlertKey::BatchUnheard { upstream: door.config.upstream.kind, batch };
        door.store.resolve_alert(&key).await?;
        self.raised.remove(&batch);
        Ok(())
    }
}
