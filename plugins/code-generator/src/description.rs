//! What the agent says of itself.

use crate::wit::exports::anvil::agent::agent_api::{Action, Description, Effort};

/// The one action.
pub const GENERATE: &str = "generate";

/// Its name, version and action.
pub fn describe() -> Description {
    Description {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        summary: "Plans and writes code for a description of what is to be built.".to_owned(),
        actions: vec![Action {
            name: GENERATE.to_owned(),
            summary: "Writes the files that the requirements ask for.".to_owned(),
            input_schema: include_str!("schema/payload.json").to_owned(),
            output_schema: include_str!("schema/result.json").to_owned(),
        }],
        model_floor: None,
        effort: Effort::Standard,
        extras: Vec::new(),
    }
}
