//! What a model is chosen by: what calls probably take, which prompts are in caches, how full the windows are.

pub(crate) mod estimates;
pub(crate) mod pressure;
pub(crate) mod prompt_cache;
