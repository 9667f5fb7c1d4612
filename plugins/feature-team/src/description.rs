//! What the agent says of itself.

use crate::wit::exports::anvil::agent::agent_api::{Action, Description, Effort};

/// The one action.
pub const DELIVER: &str = "deliver";

/// Its name, version and action.
pub fn describe() -> Description {
    Description {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        summary: "Leads five agents from a brief to a folder of requirements, design, code, tests and documentation."
            .to_owned(),
        actions: vec![Action {
            name: DELIVER.to_owned(),
            summary: "Delivers what a brief asks for; a person approves the design before code is written.".to_owned(),
            input_schema: include_str!("schema/payload.json").to_owned(),
            output_schema: include_str!("schema/result.json").to_owned(),
        }],
        model_floor: None,
        effort: Effort::Standard,
        extras: Vec::new(),
    }
}
