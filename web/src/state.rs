//! What every handler can reach.

use crate::WebConfig;
use crate::auth::Keys;
use crate::links::LinkRate;
use anvil_control::Control;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// The most event streams at once: each is a task and a socket.
const MAX_STREAMS: usize = 256;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// The host behind the faces.
    pub(crate) control: Arc<Control>,
    pub(crate) config: Arc<WebConfig>,
    pub(crate) keys: Arc<Keys>,
    /// Turns true when the server stops: event streams end, since they would hold it up for ever.
    pub(crate) shutdown: watch::Receiver<bool>,
    pub(crate) streams: Arc<Semaphore>,
    /// How often links that answer questions are asked.
    pub(crate) links: Arc<LinkRate>,
}

impl WebState {
    /// The state over a running host. `shutdown` turns true when the server is to stop.
    pub fn new(control: Arc<Control>, config: WebConfig, shutdown: watch::Receiver<bool>) -> Self {
        let keys = Arc::new(Keys::new(&config));
        Self {
            control,
            config: Arc::new(config),
            keys,
            shutdown,
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            links: Arc::new(LinkRate::default()),
        }
    }
}
