//! An agent that plans and writes code: the first of the plugins, and the worked example for authors.
//!
//! Where to look:
//! - [`agent`] is the whole flow: plan, ask, continue, hand over. Read it first.
//! - [`host`] is what the flow needs of its host, as a trait, so that it runs natively in tests.
//! - [`fences`], [`naming`], [`names`] and [`files`] turn Claude's answer into files.
//! - [`answer`] joins an answer that came in several parts.
//! - [`sound`] and [`brackets`] find files that do not parse; [`agent`] has Claude mend them, once.
//!
//! Everything but the last lines of this file is ordinary Rust that knows nothing of Wasm.

pub mod agent;
pub mod answer;
pub mod brackets;
pub mod description;
pub mod failure;
pub mod fences;
pub mod files;
pub mod host;
pub mod language;
pub mod names;
pub mod naming;
pub mod payload;
pub mod plan;
pub mod prompt;
pub mod report;
pub mod sound;
pub mod wit;

use wit::exports::anvil::agent::agent_api::{Description, Failure, Guest, Job, Outcome};

/// The plugin: answers the host with what the modules above do.
#[derive(Debug)]
pub struct CodeGenerator;

impl Guest for CodeGenerator {
    fn describe() -> Description {
        description::describe()
    }

    fn run(job: Job) -> Result<Outcome, Failure> {
        agent::run(&mut host::Sandbox, &job)
    }
}

// Natively there is nobody to export to, and the exports' names are no valid symbols.
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "generated: the exports of a component are raw symbols")]
mod export {
    use super::{CodeGenerator, wit};
    wit::export!(CodeGenerator with_types_in wit);
}
