//! What is known of how conversations are sent: in which form, and whether that pays.

pub(crate) mod count;
pub(crate) mod form;
pub(crate) mod memory;
pub(crate) mod replay;
#[cfg(test)]
mod tests;
