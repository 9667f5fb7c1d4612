//! my-agent: an agent for Anvil. What it does is in `agent.rs`; `sdk.rs` is what stands between it and the host.

pub mod agent;
pub mod sdk;

/// What `wit/` says, as Rust: types, the host's functions, and the trait that a plugin implements.
pub mod wit {
    wit_bindgen::generate!({ path: "wit", world: "agent" });
}

// Natively there is nobody to export to.
#[cfg(target_arch = "wasm32")]
mod export {
    use super::wit::exports::anvil::agent::agent_api::{Description, Failure, Guest, Job, Outcome};
    use super::{agent, sdk, wit};

    struct Plugin;

    impl Guest for Plugin {
        fn describe() -> Description {
            agent::describe()
        }

        fn run(job: Job) -> Result<Outcome, Failure> {
            agent::run(&mut sdk::Sandbox, &job)
        }
    }

    wit::export!(Plugin with_types_in wit);
}
