//! The cache of replies: what is kept, and purging it.

use crate::parts::ControlParts;
use anvil_api::{AgentReplies, ReplyCacheView};
use anvil_store::{ReplyBounds, Store, StoreError};
use anvil_types::{Clock, ReplySize, UpstreamKind};
use std::sync::Arc;

/// The cache of replies.
pub struct ReplyCacheControl {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    upstream: UpstreamKind,
    enabled: bool,
    bounds: ReplyBounds,
}

impl ReplyCacheControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            upstream: parts.settings.upstream,
            enabled: parts.settings.reply_cache,
            bounds: parts.settings.replies,
        }
    }

    /// What is kept, what may be, and what it did today.
    pub async fn view(&self) -> Result<ReplyCacheView, StoreError> {
        let day = self.store.windows().day(self.clock.now());
        let today = self.store.usage(self.upstream, vec![day.start, day.end]).await?;
        let agents = self.store.replies_sizes().await?;
        Ok(ReplyCacheView {
            enabled: self.enabled,
            upstream: self.upstream,
            ttl_s: self.bounds.ttl.as_secs(),
            kept: self.store.replies_size().await?,
            most: ReplySize { entries: self.bounds.entries, bytes: self.bounds.bytes },
            hits_today: today.iter().map(|sum| sum.hits).sum(),
            saved_today: today.iter().map(|sum| sum.reply_saved).sum(),
            agents: agents.into_iter().map(|(agent, kept)| AgentReplies { agent, kept }).collect(),
        })
    }

    /// Whether anything is kept that an agent paid for.
    pub async fn has_of(&self, agent: &str) -> Result<bool, StoreError> {
        Ok(self.store.replies_sizes().await?.iter().any(|(name, _)| name == agent))
    }

    /// Purges all, or what an agent paid for; answers what is gone.
    pub async fn purge(&self, agent: Option<&str>, by: &str) -> Result<ReplySize, StoreError> {
        self.store.purge_replies(agent, by).await
    }
}
