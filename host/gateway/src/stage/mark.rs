//! Which prompt of a request its model is to keep in its cache, and what the answers tell of that.

use crate::door::GatewayDoor;
use crate::prompt_cache::caches::{Asked, Mark, PromptCaches};
use crate::prompt_cache::habits::SHORTEST;
use crate::prompt_cache::lineage::Whose;
use crate::prompt_cache::outline::Outline;
use crate::upstream::class::Class;
use crate::upstream::failed::{Failed, Money};
use anvil_budget::{CacheTtl, PriceRow};
use anvil_types::{CacheMiss, Request, RequestOption, Timestamp, Usage};
use serde_json::Value;
use std::sync::{MutexGuard, PoisonError};

/// What a model's cache goes by.
#[derive(Debug)]
pub(crate) struct Prompt {
    pub outline: Outline,
    /// How long the request itself has all of its prompt kept.
    own: Option<CacheTtl>,
    /// Whether the host marks it, where the request does not.
    marked: bool,
}

/// A prompt with its marks for one model.
#[derive(Debug)]
pub(crate) struct MarkedPrompt {
    pub prompt: Prompt,
    pub marks: Vec<Mark>,
}

/// The prompt of a request; none where no model keeps one so short, or it is nobody's to be marked. A mark of the request's
/// own that is no JSON is none here: the body refuses it by name.
pub(crate) fn prompt(door: &GatewayDoor, who: &str, request: &Request, text_bytes: u64) -> Option<Prompt> {
    let own = request.option(RequestOption::CacheControl);
    // What is no object marks nothing.
    let own = own.and_then(|mark| serde_json::from_str::<Value>(mark).ok()).filter(Value::is_object);
    let own = own.map(|mark| if mark["ttl"] == "1h" { CacheTtl::Hour } else { CacheTtl::FiveMinutes });
    let marked = door.config.prompt_cache
        && request.option(RequestOption::CacheControl).is_none()
        && !caches(door).are_refused(who, door.clock.now());
    // A token is a byte at least.
    let worth_a_look = own.is_some() || (marked && text_bytes >= SHORTEST);
    let outline = worth_a_look.then(|| Outline::of(request)).flatten()?;
    Some(Prompt { outline, own, marked })
}

impl Prompt {
    /// Where it is marked for the model of this row, which probably counts so many tokens.
    pub(crate) fn marks(&self, caches: &PromptCaches, whose: Whose<'_>, asked: &Asked<'_>) -> Vec<Mark> {
        if let Some(ttl) = self.own {
            return vec![Mark { place: self.outline.whole().place, ttl }];
        }
        if !self.marked {
            return Vec::new();
        }
        caches.marks(&self.outline, whose.who, asked)
    }

    /// Whether the marks are the request's own, which stand in it already.
    pub(crate) fn has_own(&self) -> bool {
        self.own.is_some()
    }
}

/// What the models have in their caches.
pub(crate) fn caches(door: &GatewayDoor) -> MutexGuard<'_, PromptCaches> {
    door.prompt_caches.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether an upstream says that it takes no marks. Nothing was billed.
pub(crate) fn refuses_marks(failed: &Failed) -> bool {
    let is_refused = failed.class() == Class::Request && failed.money == Money::Released;
    is_refused && failed.error.message.contains(RequestOption::CacheControl.name())
}

/// The upstream takes no marks in what this agent asks: none is added for a while.
pub(crate) fn refused(door: &GatewayDoor, who: &str) {
    tracing::warn!(
        agent = who,
        "the upstream refuses `{}`; this agent's prompts are not marked for an hour (saving.prompt_cache = false: never)",
        RequestOption::CacheControl.name()
    );
    caches(door).refuse(who, door.clock.now());
}

/// After the flight: takes what an answer told of its model's cache. Answers which miss it was, if it was one, by this row's
/// prices. What is kept is kept from when it was asked for.
pub(crate) fn learn(
    door: &GatewayDoor,
    whose: Whose<'_>,
    marked: &MarkedPrompt,
    row: &PriceRow,
    usage: &Usage,
    at: Timestamp,
) -> Option<CacheMiss> {
    let MarkedPrompt { prompt: Prompt { outline, .. }, marks } = marked;
    let mut caches = caches(door);
    let missed = caches.missed(whose, outline, marks, &row.model, usage, at);
    caches.learn(whose, outline, marks, &row.model, usage, at);
    door.habits.keep(&caches.habits);
    missed.map(|missed| missed.priced(row, usage))
}
