//! Jobs: how they come, run, wait and end.

pub(crate) mod artifacts;
pub(crate) mod bulk;
pub(crate) mod claim;
pub(crate) mod edit;
pub(crate) mod enqueue;
pub(crate) mod finish;
pub(crate) mod import;
pub(crate) mod inputs;
pub(crate) mod journal;
pub(crate) mod logs;
pub(crate) mod parents;
pub(crate) mod pause;
pub(crate) mod pins;
pub(crate) mod recovery;
pub(crate) mod relatives;
pub(crate) mod row;
pub(crate) mod transition;
pub(crate) mod trouble;
pub(crate) mod turns;
