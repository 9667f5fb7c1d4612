//! What a model is chosen by: what calls probably take, how full the windows are, and what
//! each tier would cost by that.

pub(crate) mod estimates;
pub(crate) mod note;
pub(crate) mod pressure;
pub(crate) mod tier;
