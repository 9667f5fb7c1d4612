//! The task that empties the outbox.
//!
//! Each webhook that is owed something has a lane of its own, a task that sends what is due, a few at a
//! time, until nothing is: a slow receiver delays no other. The store bounds the number of webhooks,
//! and so that of lanes. A lane that is stopped half way leaves its deliveries due, and they are sent
//! again at the next start, with the same id.

use crate::asks::{self, LinkTerms};
use crate::message;
use crate::redact;
use crate::schedule;
use crate::send::{Answer, Sender};
use anvil_store::{DeliveryTried, DueDelivery, Store, StoreError};
use anvil_types::{Clock, End, Event, EventKind, Supervisor, Timestamp};
use futures_util::future::join_all;
use rand::RngExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::{Id, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// Messages that are on their way to one webhook at once.
const AT_ONCE: u32 = 4;
/// How long a store that fails is left alone.
const STORE_PAUSE: Duration = Duration::from_secs(15);

/// What a deliverer is made of.
#[derive(Clone, Debug)]
pub struct DelivererParts {
    /// The outbox.
    pub store: Arc<dyn Store>,
    /// The host's time: the schedule goes by it.
    pub clock: Arc<dyn Clock>,
    /// Where the panel is, for the links in the messages.
    pub panel_url: String,
    /// What links that answer questions are made by; none where none are sent.
    pub links: Option<LinkTerms>,
    /// Who keeps the task alive.
    pub supervisor: Supervisor,
}

/// The running task.
#[derive(Debug)]
pub struct Deliverer {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Deliverer {
    /// Starts it: what an earlier life of the host left is sent at once.
    pub fn start(parts: DelivererParts) -> Result<Self, reqwest::Error> {
        let stop = CancellationToken::new();
        let supervisor = parts.supervisor.clone();
        let courier = Arc::new(Courier { parts, sender: Sender::new()? });
        let stopped = stop.clone();
        let task =
            supervisor.keep("the deliveries to webhooks", move || run(courier.clone(), stopped.clone()));
        Ok(Self { stop, task })
    }

    /// Ends it: nothing new is sent, and what is on its way has `patience` to arrive.
    pub async fn stop(self, patience: Duration) {
        self.stop.cancel();
        let mut task = self.task;
        if tokio::time::timeout(patience, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// What the lanes share.
struct Courier {
    parts: DelivererParts,
    sender: Sender,
}

async fn run(courier: Arc<Courier>, stop: CancellationToken) -> End {
    let store = &courier.parts.store;
    let clock = &courier.parts.clock;
    let mut events = store.subscribe();
    let mut lanes = JoinSet::new();
    let mut busy: BTreeMap<Id, String> = BTreeMap::new();
    let mut life = courier.parts.supervisor.life("a lane of the deliveries to webhooks");
    while !stop.is_cancelled() {
        let next = match store.next_deliveries().await {
            Ok(next) => next,
            Err(StoreError::Closed) => break,
            Err(error) => {
                tracing::error!(%error, "the outbox could not be read; trying again");
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(STORE_PAUSE) => continue,
                }
            }
        };
        let mut wake: Option<Timestamp> = None;
        for (webhook, at) in next {
            if busy.values().any(|lane| *lane == webhook) {
                continue;
            }
            if at <= clock.now() {
                let id = lanes.spawn(lane(courier.clone(), webhook.clone(), stop.clone())).id();
                busy.insert(id, webhook);
            } else {
                wake = Some(wake.map_or(at, |wake| wake.min(at)));
            }
        }
        let time = async {
            match wake {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            open = changed(&mut events) => if !open { break },
            () = time => {}
            Some(ended) = lanes.join_next_with_id() => {
                match ended {
                    Ok((id, ())) => drop(busy.remove(&id)),
                    Err(error) => {
                        let rest = life.fell("a fault of the host; the log has its place");
                        // Its webhook rests in a lane: it is still owed, and would begin anew at once.
                        if let Some(webhook) = busy.remove(&error.id()) {
                            let resting = stop.clone();
                            let rest = async move {
                                tokio::select! {
                                    () = resting.cancelled() => {}
                                    () = tokio::time::sleep(rest) => {}
                                }
                            };
                            busy.insert(lanes.spawn(rest).id(), webhook);
                        }
                    }
                }
            }
        }
    }
    while lanes.join_next().await.is_some() {}
    if stop.is_cancelled() { End::Asked } else { End::Unexpected("the store tells nothing more") }
}

/// Waits for an event that may put something into the outbox; false when there will be none.
async fn changed(events: &mut broadcast::Receiver<Arc<Event>>) -> bool {
    loop {
        match events.recv().await {
            Ok(event) if matches!(event.kind, EventKind::Alert { .. } | EventKind::Webhook { .. }) => {
                return true;
            }
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return true,
            Err(RecvError::Closed) => return false,
        }
    }
}

/// Sends what is due to one webhook until nothing is.
async fn lane(courier: Arc<Courier>, webhook: String, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let sent = match courier.parts.store.due_deliveries(&webhook, AT_ONCE).await {
            Ok(due) if due.is_empty() => return,
            Ok(due) => join_all(due.iter().map(|due| courier.deliver(due))).await.into_iter().collect(),
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => {}
            Err(StoreError::Closed) => return,
            Err(error) => {
                // What cannot be noted is not sent over and over.
                tracing::error!(%error, webhook, "a delivery could not be noted; it is sent again");
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(STORE_PAUSE) => {}
                }
                return;
            }
        }
    }
}

impl Courier {
    /// One try, noted.
    async fn deliver(&self, due: &DueDelivery) -> Result<(), StoreError> {
        let DueDelivery { delivery, webhook, .. } = due;
        let asks = asks::of(&self.parts, due).await?;
        let body = message::body(due, &self.parts.panel_url, &asks);
        let answer = self.sender.send(webhook, &delivery.message_id(), wall(), body).await;
        let now = self.parts.clock.now();
        let next = schedule::after(&answer, &webhook.url, delivery.tries, now, rand::rng().random());
        // A receiver may repeat what it was sent, and a link is in no log.
        let answer = if asks.with_links() { answer.without_words() } else { answer };
        let (status, error) = told(&answer);
        let error = error.map(|said| redact::without_address(&said, &webhook.url));
        tracing::debug!(delivery = %delivery.id, webhook = webhook.name, ?status, "a delivery was tried");
        self.parts.store.delivery_tried(DeliveryTried { id: delivery.id, status, error, next }).await
    }
}

/// What the log keeps of an answer.
fn told(answer: &Answer) -> (Option<u16>, Option<String>) {
    match answer {
        Answer::Status { status: status @ 200..=299, .. } => (Some(*status), None),
        Answer::Status { status, said, .. } if said.is_empty() => {
            (Some(*status), Some(format!("HTTP {status}")))
        }
        Answer::Status { status, said, .. } => (Some(*status), Some(format!("HTTP {status}: {said}"))),
        Answer::None { why } => (None, Some(why.clone())),
    }
}

/// The time of the world outside, by which a receiver judges how old a message is. The one place that
/// does not go by the host's clock: with the simulator that may be driven into tomorrow, and a
/// receiver would take the message for forged.
fn wall() -> Timestamp {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX))
}
