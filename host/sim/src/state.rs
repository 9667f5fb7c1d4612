//! What the simulator knows: one short mutex around bill, log, script, faults, limits and cache.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::batch::{Shelf, SimBatchDoor, SimBatchFault, SimBatchSettings};
use crate::bill::Bill;
use crate::cache::{CachePlan, PromptCache};
use crate::clock::SimClock;
use crate::config::SimConfig;
use crate::fault::{Fault, FaultRule};
use crate::latency::{Latency, Tempo};
use crate::limits::Limiter;
use crate::log::Log;
use crate::question::Question;
use crate::refusal::Refusal;
use crate::rng::Rng;
use crate::script::{Player, ScriptItem};

/// Shared by all connections.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn SimClock>,
    pub(crate) config: SimConfig,
    /// Told whenever something may be due earlier than before.
    pub(crate) batch_news: Notify,
    state: Mutex<State>,
    shelf: Mutex<Shelf>,
}

/// What changes.
pub(crate) struct State {
    pub(crate) bill: Bill,
    pub(crate) log: Log,
    pub(crate) limiter: Limiter,
    pub(crate) latency: Latency,
    pub(crate) next_index: u64,
    player: Player,
    faults: Vec<(FaultRule, u64)>,
    pub(crate) cache: PromptCache,
    rng: Rng,
}

/// How a request is to be answered.
pub(crate) struct Plan {
    pub(crate) item: Option<ScriptItem>,
    pub(crate) fault: Option<Fault>,
    pub(crate) cache: CachePlan,
    pub(crate) tempo: Tempo,
    /// The usage's `service_tier`.
    pub(crate) tier: &'static str,
}

impl Shared {
    pub(crate) fn new(config: SimConfig, clock: Arc<dyn SimClock>) -> Self {
        let state = Mutex::new(State::new(&config));
        let shelf = Mutex::new(Shelf::new(config.batches.clone()));
        Self { clock, config, batch_news: Notify::new(), state, shelf }
    }

    /// The batches. Where a batch is locked already, this is not.
    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how batches are worked off from now on.
    pub(crate) fn set_batches(&self, settings: SimBatchSettings) {
        self.shelf().set_settings(settings, self.clock.now_ms());
        self.batch_news.notify_one();
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything as at the start, but for requests that are being answered.
    pub(crate) fn reset(&self) {
        self.shelf().clear(self.config.batches.clone());
        let mut state = self.state();
        let fresh = State::new(&self.config);
        let in_flight = state.bill.in_flight;
        let next_index = state.next_index;
        *state = State { next_index, ..fresh };
        state.bill.in_flight = in_flight;
        state.bill.max_in_flight = in_flight;
    }

    /// Decides how to answer: rate limits first, then faults by chance, then the script. A fault by chance that comes
    /// in place of an answer leaves the script where it is, so that a retry gets the answer that was due.
    pub(crate) fn plan(&self, question: &Question) -> Result<Plan, Refusal> {
        let now_ms = self.clock.now_ms();
        let model = question.model;
        let minimum = self.config.cache_min_tokens.unwrap_or(model.cache_min);
        let mut state = self.state();
        let cache = state.cache.plan(model.id, minimum, &question.segments, now_ms);
        let counted = cache.uncached + cache.write_5m + cache.write_1h;
        state.limiter.admit(model, counted, now_ms)?;
        let chance = state.fault_by_chance(|rule| {
            !matches!(rule.fault, Fault::Batch(_)) && rule.is_of(question, &question.all_text)
        });
        let refused = chance.as_ref().is_some_and(Fault::leaves_script);
        // Where no answer is wanted, none of the script's is used up.
        let item =
            if refused || question.max_tokens == 0 { None } else { state.player.take(&question.all_text) };
        let fault = item.as_ref().and_then(|item| item.fault.clone()).or(chance);
        let latency =
            item.as_ref().and_then(|item| item.latency.clone()).unwrap_or_else(|| state.latency.clone());
        let tempo = latency.draw(&mut state.rng);
        Ok(Plan { item, fault, cache, tempo, tier: "standard" })
    }

    /// Decides how to answer an item of a batch whose turn comes at `at_ms`: no rate limits, and what is cached is found
    /// with the probability `cache_hits` only.
    pub(crate) fn plan_item(&self, question: &Question, id: &str, at_ms: i64, cache_hits: f64) -> Plan {
        let model = question.model;
        let minimum = self.config.cache_min_tokens.unwrap_or(model.cache_min);
        let mut state = self.state();
        let marked = question.segments.iter().any(|segment| segment.mark.is_some());
        let found = !marked || state.rng.chance(cache_hits);
        let cold = PromptCache::default();
        let cache = if found { &state.cache } else { &cold };
        let cache = cache.plan(model.id, minimum, &question.segments, at_ms);
        let chance = state.fault_by_chance(|rule| {
            let door = matches!(&rule.fault, Fault::Batch(fault) if fault.door == SimBatchDoor::Item);
            door && (rule.is_of(question, id) || rule.is_of(question, &question.all_text))
        });
        let item = if chance.is_some() { None } else { state.player.take(&question.all_text) };
        let fault = item.as_ref().and_then(|item| item.fault.clone()).or(chance);
        Plan { item, fault, cache, tempo: Tempo::default(), tier: "batch" }
    }

    /// The fault at an endpoint of batches; `is_named` tells whether it is about a text.
    pub(crate) fn batch_fault(
        &self,
        door: SimBatchDoor,
        is_named: impl Fn(&str) -> bool,
    ) -> Option<SimBatchFault> {
        let here = |rule: &FaultRule| matches!(&rule.fault, Fault::Batch(fault) if fault.door == door);
        let rules = self.state().faults.clone();
        // Asked while nothing is locked: a batch is locked before this state.
        let texts = rules.into_iter().filter(|(rule, _)| here(rule)).filter_map(|(rule, _)| rule.contains);
        let named: Vec<String> = texts.filter(|text| is_named(text)).collect();
        let applies = |text: &String| named.contains(text);
        match self.state().fault_by_chance(|rule| here(rule) && rule.contains.as_ref().is_none_or(applies)) {
            Some(Fault::Batch(fault)) => Some(fault),
            _ => None,
        }
    }
}

impl State {
    fn new(config: &SimConfig) -> Self {
        Self {
            bill: Bill::default(),
            log: Log::new(config.log_capacity),
            limiter: Limiter::new(config.rate_limits.clone()),
            latency: config.latency.clone(),
            next_index: 1,
            player: Player::new(config.script.clone()),
            faults: config.faults.iter().map(|rule| (rule.clone(), 0)).collect(),
            cache: PromptCache::default(),
            rng: Rng::new(config.seed),
        }
    }

    pub(crate) fn set_player(&mut self, player: Player) {
        self.player = player;
    }

    pub(crate) fn set_faults(&mut self, rules: Vec<FaultRule>) {
        self.faults = rules.into_iter().map(|rule| (rule, 0)).collect();
    }

    fn fault_by_chance(&mut self, applies: impl Fn(&FaultRule) -> bool) -> Option<Fault> {
        for (rule, happened) in &mut self.faults {
            let left = rule.times.is_none_or(|times| *happened < times);
            if left && applies(rule) && self.rng.chance(rule.probability) {
                *happened += 1;
                return Some(rule.fault.clone());
            }
        }
        None
    }
}

impl FaultRule {
    /// Whether it is about a question of which this is the text.
    fn is_of(&self, question: &Question, text: &str) -> bool {
        self.model.as_ref().is_none_or(|model| model == question.model.id)
            && self.contains.as_ref().is_none_or(|wanted| text.contains(wanted))
    }
}
