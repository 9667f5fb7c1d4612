//! A person's question whether Claude answers.

use crate::parts::ControlParts;
use anvil_api::Probe;
use anvil_gateway::{CallEnd, Gateway};
use anvil_types::Clock;
use anvil_types::words::{ProbeSaid, ProbeUnderWay};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The longest that whoever asks waits. What was sent by then is settled all the same.
const PATIENCE: Duration = Duration::from_secs(50);

/// Why there is no probe.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// One is under way.
    #[error("{}", ProbeUnderWay { within: PATIENCE })]
    UnderWay,
    /// The store failed.
    #[error("{0}")]
    Store(String),
}

/// Whether Claude answers.
pub struct ProbeControl {
    gateway: Gateway,
    clock: Arc<dyn Clock>,
    /// One probe at a time.
    probing: Mutex<()>,
}

impl ProbeControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { gateway: parts.gateway.clone(), clock: parts.clock.clone(), probing: Mutex::default() }
    }

    /// Asks Claude for a word through the one door, held and settled in the ledger as any call, and by every rule of
    /// brake, limits and pace. Where it is answered, what the account was refused for is over.
    pub async fn run(&self, by: &str) -> Result<Probe, ProbeError> {
        let _only = self.probing.try_lock().map_err(|_| ProbeError::UnderWay)?;
        tracing::info!(by, "a person probes whether Claude answers");
        let begun = Instant::now();
        let end = tokio::time::timeout(PATIENCE, self.gateway.probe(by).wait()).await;
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let not = |said: ProbeSaid<'_>, until| Probe {
            answered: false,
            said: said.to_string(),
            model: None,
            cost_usd: None,
            took_ms,
            until,
        };
        Ok(match end {
            Ok(CallEnd::Answered { answer: Ok(reply), .. }) => Probe {
                answered: true,
                said: ProbeSaid::Answered { model: &reply.model, took_ms, cost: reply.cost }.to_string(),
                model: Some(reply.model),
                cost_usd: Some(reply.cost),
                took_ms,
                until: None,
            },
            Ok(CallEnd::Answered { answer: Err(error), .. }) => {
                not(ProbeSaid::Failed { message: &error.message }, None)
            }
            Ok(CallEnd::Park(wait)) => not(
                ProbeSaid::Waits { detail: &wait.detail },
                wait.until.filter(|until| *until > self.clock.now()),
            ),
            Ok(CallEnd::LeaseLost) => not(ProbeSaid::GivenUp, None),
            Ok(CallEnd::StoreFailed(why)) => return Err(ProbeError::Store(why)),
            Err(_) => not(ProbeSaid::Silent { patience: PATIENCE }, None),
        })
    }
}
