//! `anvil plugin install`.

use super::check;
use crate::cli::Globals;
use crate::connect;
use crate::failure::Failure;
use crate::show::{clean, print};
use anyhow::Context as _;
use std::path::Path;

pub(super) async fn run(file: &Path, globals: &Globals) -> Result<(), Failure> {
    let settings = connect::settings(globals)?;
    let name = file
        .file_name()
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "wasm"))
        .ok_or_else(|| Failure::Usage(format!("{} does not end in `.wasm`", file.display())))?;
    let agent = check::examine(file, &settings).await?;
    let folder = &settings.plugins.dir;
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    // A host that watches the folder sees the file whole or not at all.
    let draft = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder);
    let draft = draft.with_context(|| format!("{} cannot be written into", folder.display()))?;
    std::fs::copy(file, draft.path()).with_context(|| format!("{} cannot be copied", file.display()))?;
    let target = folder.join(name);
    draft.persist(&target).with_context(|| format!("{} cannot be written", target.display()))?;
    print(&format!(
        "{} {} is in {}; a host that watches this folder takes it up within seconds",
        clean(&agent.name),
        clean(&agent.version),
        target.display()
    ))
}
