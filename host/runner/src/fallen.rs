//! Tells people of parts of the host that fell.

use crate::shared::Shared;
use anvil_store::{NewAlert, StoreError};
use anvil_types::{AlertKind, End, Fall, PartNews};
use std::sync::Arc;

/// Raises an alert where a part of the host falls, one for as long as that goes on; resolves it once it stands.
pub(crate) async fn tell(shared: Arc<Shared>) -> End {
    let news = shared.supervisor.news();
    let mut news = news.open().await;
    while let Some(news) = news.recv().await {
        if let Err(error) = told(&shared, &news).await {
            tracing::error!(%error, ?news, "people could not be told of a part of the host that fell");
        }
    }
    End::Asked
}

async fn told(shared: &Shared, news: &PartNews) -> Result<(), StoreError> {
    let (fall, title, follows) = match news {
        PartNews::Stands(name) => return shared.store.resolve_alert(&key(name)).await.map(drop),
        PartNews::Fell(fall) => (
            fall,
            format!("A part of the host fell and began anew: {}", fall.name),
            "It begins anew by itself each time, and what waited for it goes on. It is a fault of the host, of no job: \
             please report it with the lines of the log from then",
        ),
        PartNews::Lost(fall) => (
            fall,
            format!("The host stops: {} cannot go on", fall.name),
            "What it knew cannot be had again, so the host stops in order; start it again. No job and no money is lost",
        ),
    };
    let Fall { name, why } = fall;
    let alert = NewAlert {
        upstream: shared.settings.upstream,
        kind: AlertKind::Host,
        key: key(name),
        crossing: None,
        title,
        detail: format!("It ended by itself: {why}. {follows}."),
    };
    shared.store.raise_alert(alert).await.map(drop)
}

fn key(name: &str) -> String {
    format!("host:{name}")
}
