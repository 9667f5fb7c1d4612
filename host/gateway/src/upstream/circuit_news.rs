//! People are told where calls are kept back, and jobs go on when they are not any more.

use crate::upstream::gate::Gate;
use anvil_store::{NewAlert, Store, StoreError};
use anvil_types::words::{AlertCause, CallsHeldBack, CallsTooFast};
use anvil_types::{UpstreamKind, WaitReason};

/// A gate has changed.
#[derive(Debug)]
pub(crate) enum News {
    Opened(Gate, String),
    Closed(Gate),
}

/// Stores what follows from it.
pub(crate) async fn told(store: &dyn Store, upstream: UpstreamKind, news: &News) {
    if let Err(error) = tell(store, upstream, news).await {
        tracing::error!(%error, ?news, "a change of what keeps calls back could not be stored");
    }
}

async fn tell(store: &dyn Store, upstream: UpstreamKind, news: &News) -> Result<(), StoreError> {
    match news {
        News::Opened(gate, why) => {
            let Some(cause) = cause(gate, why) else { return Ok(()) };
            store.raise_alert(NewAlert::of(upstream, &cause)).await.map(drop)
        }
        News::Closed(gate) => {
            let Some(cause) = cause(gate, "") else { return Ok(()) };
            store.resolve_alert(&cause.key(upstream)).await?;
            store.resume(&[WaitReason::Circuit], None).await.map(drop)
        }
    }
}

/// What people are told of a gate; the brake tells of the account.
fn cause<'a>(gate: &'a Gate, why: &'a str) -> Option<AlertCause<'a>> {
    match gate {
        Gate::Upstream => Some(AlertCause::Circuit(CallsHeldBack { model: None, why })),
        Gate::Model(model) => Some(AlertCause::Circuit(CallsHeldBack { model: Some(model), why })),
        Gate::Pace => Some(AlertCause::Pace(CallsTooFast { why })),
        Gate::Account => None,
    }
}
