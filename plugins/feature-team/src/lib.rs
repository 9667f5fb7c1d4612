//! An agent that leads five others: from a brief to a delivered folder, with a person's word on the design between.
//!
//! Where to look:
//! - `agent` is the whole way: requirements, design, a person, code, tests, documentation. Read it first.
//! - `lead` has steps done and puts their files into the folder.
//! - `host` is what it needs of its host, as a trait, so that it runs natively in tests.
//! - `steps` says who does what, `money` how much each may spend, `tasks` what each is told.
//! - `approval` is the question to a person, and what its answer means.
//! - `folder` is what was delivered, `delivery` the page that explains it.
//!
//! It asks Claude nothing itself: its money is its tasks'.

pub mod agent;
pub mod approval;
pub mod delivery;
pub mod description;
pub mod digest;
pub mod failure;
pub mod folder;
pub mod host;
mod lead;
pub mod money;
pub mod payload;
pub mod report;
pub mod steps;
pub mod tasks;
pub mod text;
pub mod told;
pub mod wit;

use wit::exports::anvil::agent::agent_api::{Description, Failure, Guest, Job, Outcome};

/// The plugin: answers the host with what the modules above do.
#[derive(Debug)]
pub struct FeatureTeam;

impl Guest for FeatureTeam {
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
    use super::{FeatureTeam, wit};
    wit::export!(FeatureTeam with_types_in wit);
}
