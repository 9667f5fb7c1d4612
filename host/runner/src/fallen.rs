//! Tells people of parts of the host that fell.

use crate::shared::Shared;
use anvil_store::{NewAlert, StoreError};
use anvil_types::words::HostAlert;
use anvil_types::{End, Fall, PartNews};
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
    let (told, Fall { name, .. }) = match news {
        PartNews::Stands(name) => return shared.store.resolve_alert(&key(name)).await.map(drop),
        PartNews::Fell(fall) => (HostAlert::Fell(fall), fall),
        PartNews::Lost(fall) => (HostAlert::Lost(fall), fall),
    };
    let alert = host_alert(shared, key(name), &told);
    shared.store.raise_alert(alert).await.map(drop)
}

/// What people are told of the host itself, as an alert.
pub(crate) fn host_alert(shared: &Shared, key: String, told: &HostAlert<'_>) -> NewAlert {
    NewAlert {
        upstream: shared.settings.upstream,
        kind: told.kind(),
        key,
        crossing: None,
        title: told.title(),
        detail: told.detail(),
    }
}

fn key(name: &str) -> String {
    format!("host:{name}")
}
