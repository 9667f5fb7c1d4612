//! Writes `docs/anvil.example.toml` and `docs/reference/settings.md` anew out of the schema.

fn main() -> std::io::Result<()> {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::create_dir_all(docs.join("reference"))?;
    std::fs::write(docs.join("anvil.example.toml"), anvil_settings::example_toml())?;
    std::fs::write(docs.join("reference/settings.md"), anvil_settings::reference_markdown())
}
