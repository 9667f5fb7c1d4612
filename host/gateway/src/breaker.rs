//! The circuit breaker at work: its state machine by the house's clock, and who is told.

use anvil_budget::{Circuit, CircuitChange, CircuitRule, CircuitState, Passage};
use anvil_store::{NewAlert, Store, StoreError};
use anvil_types::{AlertKind, Clock, Timestamp, UpstreamKind, WaitReason};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// How the circuit to the upstream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CircuitReport {
    /// Calls go out.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// No call goes out before then; the first one after is the trial.
    Open {
        /// When.
        until: Timestamp,
    },
    /// One call tries whether the upstream is back.
    HalfOpen {
        /// When another may try, should nothing be heard of it.
        until: Timestamp,
    },
}

#[derive(Debug)]
enum News {
    Opened(String),
    Closed,
}

/// The circuit of one upstream.
#[derive(Debug)]
pub(crate) struct Breaker {
    circuit: Mutex<Circuit>,
    clock: Arc<dyn Clock>,
    // One task tells, so that an end is never told before its beginning.
    news: mpsc::UnboundedSender<News>,
}

impl Breaker {
    /// Closed, whatever it was in an earlier life.
    pub(crate) fn start(
        rule: CircuitRule,
        upstream: UpstreamKind,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (news, mut incoming) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut item = Some(News::Closed);
            while let Some(news) = item {
                if let Err(error) = tell(store.as_ref(), upstream, &news).await {
                    tracing::error!(%error, ?news, "the circuit's change could not be stored");
                }
                item = incoming.recv().await;
            }
        });
        Self { circuit: Mutex::new(Circuit::new(rule)), clock, news }
    }

    fn lock(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when no call would get through, where that is so.
    pub(crate) fn blocked(&self) -> Option<Timestamp> {
        self.lock().blocked(self.clock.now())
    }

    /// Lets a call through that leaves now, or tells when to ask again.
    pub(crate) fn pass(&self) -> Result<(), Timestamp> {
        match self.lock().pass(self.clock.now()) {
            Passage::Go => Ok(()),
            Passage::Wait { until } => Err(until),
        }
    }

    /// The upstream answered.
    pub(crate) fn answered(&self) {
        if self.lock().succeeded() == CircuitChange::Closed {
            tracing::info!("the upstream answers again: the circuit is closed");
            let _ = self.news.send(News::Closed);
        }
    }

    /// The upstream did not answer, or failed.
    pub(crate) fn failed(&self, why: &str) {
        if self.lock().failed(self.clock.now()) == CircuitChange::Opened {
            tracing::warn!(why, "the upstream fails again and again: the circuit is open");
            let _ = self.news.send(News::Opened(why.to_owned()));
        }
    }

    pub(crate) fn report(&self) -> CircuitReport {
        match self.lock().state() {
            CircuitState::Closed { failures } => CircuitReport::Closed { failures },
            CircuitState::Open { until } => CircuitReport::Open { until },
            CircuitState::HalfOpen { until } => CircuitReport::HalfOpen { until },
        }
    }
}

async fn tell(store: &dyn Store, upstream: UpstreamKind, news: &News) -> Result<(), StoreError> {
    let key = format!("circuit:{upstream}");
    match news {
        News::Opened(why) => {
            let alert = NewAlert {
                upstream,
                kind: AlertKind::Circuit,
                key,
                crossing: None,
                title: "Claude does not answer: calls are held back".to_owned(),
                detail: format!(
                    "call after call failed, the last with: {why}. No call goes out for a while, then one tries \
                     again; jobs wait, and go on by themselves when Claude answers"
                ),
            };
            store.raise_alert(alert).await.map(drop)
        }
        News::Closed => {
            store.resolve_alert(&key).await?;
            store.resume(&[WaitReason::Circuit], None).await.map(drop)
        }
    }
}
