//! People are told where calls are kept back, and jobs go on when they are not any more.

use crate::upstream::gate::Gate;
use anvil_store::{NewAlert, Store, StoreError};
use anvil_types::{AlertKind, UpstreamKind, WaitReason};

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
    let (News::Opened(gate, _) | News::Closed(gate)) = news;
    let key = match gate {
        Gate::Upstream => format!("circuit:{upstream}"),
        Gate::Model(model) => format!("circuit:{upstream}:{model}"),
        Gate::Pace => format!("pace:{upstream}"),
        // The brake tells of the account.
        Gate::Account => return Ok(()),
    };
    match news {
        News::Opened(_, why) => {
            let title = match gate {
                Gate::Model(model) => format!("Claude does not answer for {model}: its calls are held back"),
                Gate::Pace => "Claude takes no calls: each is told that it comes too fast".to_owned(),
                _ => "Claude does not answer: calls are held back".to_owned(),
            };
            let detail = match gate {
                Gate::Pace => format!(
                    "for more than a minute every call was refused with: {why}. Jobs wait for as long as Claude says, \
                     and go on by themselves. Others may use up the same account's limits, or those set here are above \
                     them"
                ),
                _ => format!(
                    "calls failed, the last with: {why}. None goes out for a while, then one tries again; jobs wait, \
                     and go on by themselves when Claude answers"
                ),
            };
            let kind = AlertKind::Circuit;
            store.raise_alert(NewAlert { upstream, kind, key, crossing: None, title, detail }).await.map(drop)
        }
        News::Closed(_) => {
            store.resolve_alert(&key).await?;
            store.resume(&[WaitReason::Circuit], None).await.map(drop)
        }
    }
}
