//! What a model is chosen by: what calls probably take, which prompts are in caches, how full the windows are, and what
//! each tier would cost by that.

pub(crate) mod estimates;
pub(crate) mod pressure;
pub(crate) mod prompt_cache;
pub(crate) mod tier;
