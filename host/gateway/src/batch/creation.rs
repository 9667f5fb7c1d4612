//! What became of a batch that is sent is written down, and what follows from it done.

use crate::batch::release::{self, Undone};
use crate::batch::send::{SentBatch, send};
use crate::door::GatewayDoor;
use crate::upstream::class::Class;
use crate::upstream::failed::Failed;
use anvil_store::{OpenBatch, StoreError};
use anvil_types::BatchState;
use std::time::Duration;

/// What a batch is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// For its calls alone.
    Ordinary,
    /// It tries whether the account is taken again.
    TriesAccount,
}

/// What it means for the next ones.
#[derive(Debug)]
pub(crate) enum Creation {
    /// Batches are taken.
    Taken,
    /// None goes out for a while: for so long at least, where that was asked for.
    Pause { asked: Option<Duration>, why: String },
    /// It says nothing of others: the brake stops them, or it was refused by what is in it.
    OfNone,
}

/// Sends a batch that was made.
pub(crate) async fn create(
    door: &GatewayDoor,
    batch: &OpenBatch,
    errand: Errand,
) -> Result<Creation, StoreError> {
    let number = batch.number;
    match send(door, number).await {
        SentBatch::Created(told) => {
            tracing::info!(batch = number, id = %told.id, calls = batch.calls, "a batch was sent");
            door.store.batch_sent(number, &told.id, told.expires(batch.made_at)).await?;
            if errand == Errand::TriesAccount {
                door.breaker.account_taken();
                door.account_answers().await;
            }
            Ok(Creation::Taken)
        }
        SentBatch::Lost(why) => {
            tracing::warn!(
                batch = number,
                why,
                "a batch was sent, and its creation was not answered; it is looked for"
            );
            door.store.batch_unsure(number, BatchState::Lost).await?;
            Ok(Creation::Pause { asked: None, why: format!("the creation of one was not answered: {why}") })
        }
        SentBatch::Doubtful(why) => {
            tracing::warn!(
                batch = number,
                why,
                "a batch was refused by an error of the upstream's; it is looked for"
            );
            door.store.batch_unsure(number, BatchState::Doubtful).await?;
            Ok(Creation::Pause { asked: None, why })
        }
        SentBatch::Refused(failed) => refused(door, batch, &failed).await,
    }
}

async fn refused(door: &GatewayDoor, batch: &OpenBatch, failed: &Failed) -> Result<Creation, StoreError> {
    let why = &failed.error.message;
    tracing::warn!(batch = batch.number, why, "a batch was refused");
    match failed.class() {
        // No batches are taken there, or not this one: its calls are judged one by one.
        Class::Request | Class::Model => alone(door, batch).await,
        Class::Upstream if failed.heard.status.is_some() => alone(door, batch).await,
        Class::Upstream | Class::Pace => {
            door.store.batch_back(batch.number).await?;
            Ok(Creation::Pause { asked: failed.after, why: why.clone() })
        }
        Class::Account(account) => {
            door.store.batch_back(batch.number).await?;
            door.breaker.account_refused(why);
            // Where the brake stops what follows, its end is waited for, and nothing else.
            let causes = door.engage_for_account(account, why, door.clock.now()).await;
            let pause = Creation::Pause { asked: None, why: why.clone() };
            Ok(if causes.is_empty() { pause } else { Creation::OfNone })
        }
    }
}

async fn alone(door: &GatewayDoor, batch: &OpenBatch) -> Result<Creation, StoreError> {
    release::all(door, batch.number, Undone::GoesAlone("no batch was taken")).await?;
    Ok(Creation::OfNone)
}
