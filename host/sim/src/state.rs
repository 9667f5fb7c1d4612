//! What the simulator knows: one short mutex around bill, log, script, faults, limits and cache.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    state: Mutex<State>,
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
}

impl Shared {
    pub(crate) fn new(config: SimConfig, clock: Arc<dyn SimClock>) -> Self {
        let state = Mutex::new(State::new(&config));
        Self { clock, config, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything as at the start, but for requests that are being answered.
    pub(crate) fn reset(&self) {
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
        let chance = state.fault_by_chance(question);
        let refused = chance.as_ref().is_some_and(Fault::leaves_script);
        // Where no answer is wanted, none of the script's is used up.
        let item =
            if refused || question.max_tokens == 0 { None } else { state.player.take(&question.all_text) };
        let fault = item.as_ref().and_then(|item| item.fault.clone()).or(chance);
        let latency =
            item.as_ref().and_then(|item| item.latency.clone()).unwrap_or_else(|| state.latency.clone());
        let tempo = latency.draw(&mut state.rng);
        Ok(Plan { item, fault, cache, tempo })
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

    fn fault_by_chance(&mut self, question: &Question) -> Option<Fault> {
        for (rule, happened) in &mut self.faults {
            let applies = rule.times.is_none_or(|times| *happened < times)
                && rule.model.as_ref().is_none_or(|model| model == question.model.id)
                && rule.contains.as_ref().is_none_or(|text| question.all_text.contains(text));
            if applies && self.rng.chance(rule.probability) {
                *happened += 1;
                return Some(rule.fault.clone());
            }
        }
        None
    }
}
