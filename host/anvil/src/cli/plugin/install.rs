//! `anvil plugin install`.

use super::check;
use crate::cli::Globals;
use crate::connect;
use crate::failure::Failure;
use crate::show::{clean, print};
use anvil_sandbox::files_of_agent;
use anyhow::Context as _;
use std::path::Path;

pub(super) async fn run(file: &Path, globals: &Globals) -> Result<(), Failure> {
    let settings = connect::settings(globals)?;
    let name = file
        .file_name()
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "wasm"))
        .ok_or_else(|| Failure::Usage(format!("{} does not end in `.wasm`", file.display())))?;
    if name.to_string_lossy().starts_with('.') {
        return Err(Failure::Usage(format!(
            "{} is hidden by the `.` that its name begins with, and no host takes up a hidden file; give it another name",
            file.display()
        )));
    }
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
    ))?;
    for other in files_of_agent(&settings.data.dir, &agent.name) {
        if name != other.as_str() && folder.join(&other).exists() {
            eprintln!(
                "warning: {} has the agent `{}` too: of two files the higher version is in force; remove one of them",
                folder.join(&other).display(),
                clean(&agent.name)
            );
        }
    }
    Ok(())
}
