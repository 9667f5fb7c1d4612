//! Tells people of parts of the host that fell.

use crate::shared::Shared;
use anvil_store::StoreError;
use anvil_types::words::{AlertCause, AlertKey, PartFell};
use anvil_types::{End, PartNews};
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
    let fell = match news {
        PartNews::Stands(name) => return shared.store.resolve_alert(&AlertKey::Part(name)).await.map(drop),
        PartNews::Fell(fall) => PartFell::Anew(fall),
        PartNews::Lost(fall) => PartFell::ForGood(fall),
    };
    shared.raise(&AlertCause::Part(fell)).await
}
