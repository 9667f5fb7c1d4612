//! What keeps calls back while the upstream, or a part of it, is in trouble.
//!
//! Each trouble has a gate of its own: the upstream as a whole, one of its models, the account. A closed
//! circuit lets calls through. Once it is open nothing goes through until its time is over; then one call is
//! the trial, and what becomes of that one decides.

use crate::upstream::circuit_news::{News, told};
use crate::upstream::class::Class;
use crate::upstream::gate::{Gate, KeptBack};
use anvil_budget::{Circuit, CircuitChange, CircuitReport, CircuitRule, CircuitState, Passage};
use anvil_store::Store;
use anvil_types::{Clock, End, Inbox, Supervisor, Timestamp, UpstreamKind};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often one call tries whether the account is taken again, or a model may be used.
const ACCOUNT_TRIAL: Duration = Duration::from_mins(15);

/// How long all calls may be told that they come too fast before people are told.
const PACE_TOLD: Duration = Duration::from_mins(1);
/// After so long without a call a refusal is the first again: a little more than a `retry-after` is believed.
const PACE_ANEW: Duration = Duration::from_mins(90);

type Gates = Arc<Mutex<HashMap<Gate, Circuit>>>;

/// Since when no call was told anything but that it comes too fast, when the last was, and whether people were told.
#[derive(Debug, Default)]
struct Refused {
    since: Option<Timestamp>,
    last: Timestamp,
    told: bool,
}

/// The gates of one upstream.
#[derive(Debug)]
pub(crate) struct Breaker {
    rule: CircuitRule,
    gates: Gates,
    refused: Arc<Mutex<Refused>>,
    clock: Arc<dyn Clock>,
    // One task tells, so that an end is never told before its beginning.
    news: mpsc::UnboundedSender<News>,
}

/// A call that was let through. Dropped before it was heard of, it was no trial.
#[derive(Debug)]
#[must_use]
pub(crate) struct Passed<'a> {
    breaker: &'a Breaker,
    model: String,
    trials: Vec<Gate>,
}

impl Passed<'_> {
    /// Whether it tries if the account is taken again.
    pub(crate) fn tries_account(&self) -> bool {
        self.trials.contains(&Gate::Account)
    }

    /// Whether it is the trial of this gate.
    pub(crate) fn tries(&self, gate: &Gate) -> bool {
        self.trials.contains(gate)
    }

    /// It was answered. Tells whether the account is known to be taken again.
    pub(crate) fn answered(mut self) -> bool {
        self.breaker.pace_taken();
        self.close(&[Gate::Upstream, Gate::Model(self.model.clone())]);
        self.account_answers()
    }

    /// It failed: whose trouble that is, and what was said. Tells whether the account is known to be taken
    /// again.
    pub(crate) fn failed(mut self, class: Class, why: &str) -> bool {
        let model = Gate::Model(self.model.clone());
        match class {
            Class::Upstream => {
                self.breaker.upstream_failed(&model, why);
                self.trials.retain(|gate| !matches!(gate, Gate::Upstream | Gate::Model(_)));
                return false;
            }
            Class::Account(_) => {
                self.close(&[Gate::Upstream]);
                self.breaker.trip(&Gate::Account, ACCOUNT_TRIAL, why);
                self.trials.retain(|gate| *gate != Gate::Account);
                return false;
            }
            Class::Model => {
                self.close(&[Gate::Upstream]);
                self.breaker.trip(&model, ACCOUNT_TRIAL, why);
                self.trials.retain(|gate| *gate != model);
            }
            // The pace keeps its own calls back; whatever else was tried, somebody answers.
            Class::Pace => {
                self.breaker.pace_refused(why);
                self.close(&[Gate::Upstream]);
            }
            Class::Request => {
                self.breaker.pace_taken();
                self.close(&[Gate::Upstream, model]);
            }
        }
        self.account_answers()
    }

    fn close(&mut self, gates: &[Gate]) {
        for gate in gates {
            self.breaker.succeeded(gate);
            self.trials.retain(|trial| trial != gate);
        }
    }

    fn account_answers(&mut self) -> bool {
        let tried = self.tries_account();
        if tried {
            self.close(&[Gate::Account]);
        }
        tried
    }
}

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        if !self.trials.is_empty() {
            let now = self.breaker.clock.now();
            let mut gates = self.breaker.lock();
            for gate in &self.trials {
                if let Some(circuit) = gates.get_mut(gate) {
                    circuit.give_up(now);
                }
            }
        }
    }
}

impl Breaker {
    /// All gates open to calls, whatever they were in an earlier life: what waited is judged anew.
    pub(crate) fn start(
        rule: CircuitRule,
        upstream: UpstreamKind,
        models: &[&str],
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        supervisor: &Supervisor,
    ) -> Self {
        let (news, incoming) = mpsc::unbounded_channel();
        let models = models.iter().map(|model| Gate::Model((*model).to_owned()));
        let known: Vec<_> = [Gate::Upstream].into_iter().chain(models).collect();
        let (gates, incoming) = (Gates::default(), Inbox::new(incoming));
        let refused: Arc<Mutex<Refused>> = Arc::default();
        let (seen, paced) = (gates.clone(), refused.clone());
        supervisor.keep("what tells of circuits", move || {
            let (store, incoming) = (store.clone(), incoming.clone());
            let (seen, paced, known) = (seen.clone(), paced.clone(), known.clone());
            async move {
                let mut incoming = incoming.open().await;
                // What an earlier life of the host, or of this task, did not come to tell.
                for news in standing(&seen, &paced, &known) {
                    told(store.as_ref(), upstream, &news).await;
                }
                while let Some(news) = incoming.recv().await {
                    told(store.as_ref(), upstream, &news).await;
                }
                End::Asked
            }
        });
        Self { rule, gates, refused, clock, news }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Gate, Circuit>> {
        locked(&self.gates)
    }

    /// What keeps a call of this model back now.
    pub(crate) fn kept_back(&self, model: &str) -> Option<KeptBack> {
        kept_back(&self.lock(), model, self.clock.now())
    }

    /// Lets a call of this model through that leaves now, or tells what keeps it back.
    pub(crate) fn pass(&self, model: &str) -> Result<Passed<'_>, KeptBack> {
        let now = self.clock.now();
        let mut gates = self.lock();
        if let Some(kept) = kept_back(&gates, model, now) {
            return Err(kept);
        }
        let asked = gates_of(model).into_iter().chain([Gate::Account]);
        let trials = asked
            .filter(|gate| gates.get_mut(gate).is_some_and(|circuit| circuit.pass(now) == Passage::Try))
            .collect();
        Ok(Passed { breaker: self, model: model.to_owned(), trials })
    }

    /// Whoever waits may try now: a person says so.
    pub(crate) fn look_again(&self) {
        let now = self.clock.now();
        self.lock().values_mut().for_each(|circuit| circuit.look_again(now));
    }

    /// The brake has a cause of the account. When a call may try whether it still holds; where nobody has
    /// tried in this life, at once.
    pub(crate) fn account_trial(&self) -> Timestamp {
        let now = self.clock.now();
        let mut gates = self.lock();
        let circuit = gates.entry(Gate::Account).or_insert_with(|| Circuit::new(self.rule));
        circuit.blocked(now).unwrap_or_else(|| {
            circuit.trip(now, Duration::ZERO);
            now
        })
    }

    /// The account was refused, or something is under way that tries whether it is taken again: no call tries for a while.
    pub(crate) fn account_refused(&self, why: &str) {
        self.trip(&Gate::Account, ACCOUNT_TRIAL, why);
    }

    /// The account is taken.
    pub(crate) fn account_taken(&self) {
        self.succeeded(&Gate::Account);
    }

    fn succeeded(&self, gate: &Gate) {
        let change = self.lock().get_mut(gate).map(Circuit::succeeded);
        if change == Some(CircuitChange::Closed) {
            tracing::info!(?gate, "calls go out again");
            self.tell(News::Closed(gate.clone()));
        }
    }

    fn upstream_failed(&self, model: &Gate, why: &str) {
        let now = self.clock.now();
        let mut gates = self.lock();
        let mut failed = |gate: &Gate| {
            let circuit = gates.entry(gate.clone()).or_insert_with(|| Circuit::new(self.rule));
            (circuit.failed(now), matches!(circuit.state(), CircuitState::Closed { .. }))
        };
        let (mut change, closed) = failed(&Gate::Upstream);
        let mut gate = &Gate::Upstream;
        if closed {
            // Other models answer meanwhile, or it would be open.
            gate = model;
            change = failed(model).0;
        } else if let Some(circuit) = gates.get_mut(model) {
            circuit.forget_failures();
            circuit.give_up(now);
        }
        drop(gates);
        if change == CircuitChange::Opened {
            tracing::warn!(?gate, why, "the upstream fails again and again: calls are kept back");
            self.tell(News::Opened(gate.clone(), why.to_owned()));
        }
    }

    fn trip(&self, gate: &Gate, open_for: Duration, why: &str) {
        let now = self.clock.now();
        let mut gates = self.lock();
        let circuit = gates.entry(gate.clone()).or_insert_with(|| Circuit::new(self.rule));
        let change = circuit.trip(now, open_for);
        drop(gates);
        if change == CircuitChange::Opened {
            tracing::warn!(?gate, why, "calls are kept back");
            self.tell(News::Opened(gate.clone(), why.to_owned()));
        }
    }

    // A call was told that it comes too fast, and nothing else was heard meanwhile.
    fn pace_refused(&self, why: &str) {
        let now = self.clock.now();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nobody asked for longer than upstream may have calls wait, it is another time.
        if !refused.told && now.since(refused.last) > PACE_ANEW {
            refused.since = None;
        }
        refused.last = now;
        let since = *refused.since.get_or_insert(now);
        if now.since(since) < PACE_TOLD || std::mem::replace(&mut refused.told, true) {
            return;
        }
        drop(refused);
        tracing::warn!(why, "calls are told that they come too fast, and have been for long");
        self.tell(News::Opened(Gate::Pace, why.to_owned()));
    }

    // A call was told something else.
    fn pace_taken(&self) {
        let refused = std::mem::take(&mut *self.refused.lock().unwrap_or_else(PoisonError::into_inner));
        if refused.told {
            tracing::info!("the pace of calls is taken again");
            self.tell(News::Closed(Gate::Pace));
        }
    }

    fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }

    /// How the upstream as a whole stands.
    pub(crate) fn report(&self) -> CircuitReport {
        let state =
            self.lock().get(&Gate::Upstream).map_or(CircuitState::Closed { failures: 0 }, Circuit::state);
        match state {
            CircuitState::Closed { failures } => CircuitReport::Closed { failures },
            CircuitState::Open { until } => CircuitReport::Open { until },
            CircuitState::HalfOpen { until } => CircuitReport::HalfOpen { until },
        }
    }
}

fn locked(gates: &Gates) -> MutexGuard<'_, HashMap<Gate, Circuit>> {
    gates.lock().unwrap_or_else(PoisonError::into_inner)
}

// How each gate stands, as news of it; one that was never looked at stands open to calls.
fn standing(gates: &Gates, refused: &Mutex<Refused>, known: &[Gate]) -> Vec<News> {
    let told = refused.lock().unwrap_or_else(PoisonError::into_inner).told;
    let gates = locked(gates);
    let others = gates.keys().filter(|gate| !known.contains(gate));
    let news = |gate: &Gate| match gates.get(gate).map(Circuit::state) {
        None | Some(CircuitState::Closed { .. }) => News::Closed(gate.clone()),
        Some(_) => opened(gate.clone()),
    };
    let pace = if told { opened(Gate::Pace) } else { News::Closed(Gate::Pace) };
    known.iter().chain(others).map(news).chain([pace]).collect()
}

fn opened(gate: Gate) -> News {
    News::Opened(gate, "an error that is told no more".to_owned())
}

fn gates_of(model: &str) -> [Gate; 2] {
    [Gate::Upstream, Gate::Model(model.to_owned())]
}

fn kept_back(gates: &HashMap<Gate, Circuit>, model: &str, now: Timestamp) -> Option<KeptBack> {
    gates_of(model).into_iter().find_map(|gate| {
        let until = gates.get(&gate)?.blocked(now)?;
        Some(KeptBack { gate, until })
    })
}
