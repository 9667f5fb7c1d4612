//! Settings of the agents that Anvil comes with, where nothing else is said.

/// The path, and the value as TOML. The agent that leads the others is of no use where it may hand work to none.
pub(crate) const BUNDLED: &[(&str, &str)] = &[(
    "agents.feature-team.may_call",
    r#"["requirements-analyzer", "design-architect", "code-generator", "test-automator", "documentation-generator"]"#,
)];
