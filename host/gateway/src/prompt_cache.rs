//! The models' prompt caches, by the names that the gateway calls them by; and who writes into one just now.

pub(crate) mod leads;

pub(crate) use anvil_budget::prompt_cache::{habits, lineage, outline};

pub(crate) mod caches {
    pub(crate) use anvil_budget::prompt_cache::caches::{AskedModel as Asked, Mark, PromptCaches};
    pub(crate) use anvil_budget::prompt_cache::refresh::RefreshStep;
}
