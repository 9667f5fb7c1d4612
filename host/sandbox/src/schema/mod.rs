//! What a plugin says its payloads look like: JSON Schema of a stranger, checked before it is used.
//!
//! A schema is a program that runs on the host. So three things hold before one is asked about a payload:
//! its shape is bounded ([`Outline`]), the engine of its patterns is linear and small, and the steps that
//! this schema takes on this payload are counted first ([`work`]), without taking them.

mod answer;
mod example;
mod input;
mod outline;
mod patterns;
#[cfg(test)]
mod tests;
mod work;

pub(crate) use answer::check_question;
pub use answer::{check_answer, each_name_once, read_answer};
pub use example::example;
pub use input::{InputSchema, PayloadFault, SchemaMiss};
use outline::Outline;

/// Steps of one validation. A step is about a tenth of a microsecond.
pub(crate) const STEPS: u64 = 5_000_000;

/// Checks that a text is a schema that the host can use; says why not.
pub(crate) fn check(text: &str) -> Result<(), String> {
    input::Compiled::new(text).map(drop)
}
