//! Which prompt a request has its model keep in its cache, and what the answers tell of that.

use crate::choice::prompt_cache::Prompt;
use crate::door::GatewayDoor;
use anvil_budget::CacheTtl;
use anvil_types::{Request, RequestOption, Usage};
use serde_json::Value;
use std::sync::PoisonError;

/// The prompt of a request that marks it for caching. A mark that is no JSON is none here: the body refuses it by name.
pub(crate) fn mark(request: &Request) -> Option<Prompt> {
    let mark: Value = serde_json::from_str(request.option(RequestOption::CacheControl)?).ok()?;
    let ttl = if mark["ttl"] == "1h" { CacheTtl::Hour } else { CacheTtl::FiveMinutes };
    let text = serde_json::to_vec(&(&request.system, &request.tools, &request.messages)).ok()?;
    Some(Prompt { hash: *blake3::hash(&text).as_bytes(), ttl })
}

/// After the flight: takes what an answer told of its model's cache.
pub(crate) fn learn_warmth(door: &GatewayDoor, prompt: Prompt, model: &str, usage: &Usage) {
    let mut warm = door.warm.lock().unwrap_or_else(PoisonError::into_inner);
    warm.learn(prompt, model, usage, door.clock.now());
}
