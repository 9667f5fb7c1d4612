//! anvil.toml and its reference: schema, defaults, presets.
