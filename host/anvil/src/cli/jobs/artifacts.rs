//! `anvil jobs artifacts`.

use crate::cli::Globals;
use crate::cli::result::artifacts;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{items, print, print_json};
use anvil_types::ArtifactName;
use anyhow::Context as _;
use clap::Args;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Which files, and where to.
#[derive(Debug, Args)]
pub(crate) struct ArtifactsArgs {
    /// The job's id.
    id: String,
    /// Write the files into this folder, which is made where it is not there.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write over files that are there already.
    #[arg(long, requires = "out")]
    force: bool,
}

impl ArtifactsArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let files = client.get(&["jobs", &self.id, "artifacts"], &[]).await?;
        if let Some(dir) = &self.out {
            for file in items(&files) {
                let path = self.write(client, dir, file).await?;
                if !globals.json {
                    print(&path.display().to_string())?;
                }
            }
        }
        if globals.json {
            print_json(&files)?;
        } else if items(&files).is_empty() {
            print("The job has handed over no files.")?;
        } else if self.out.is_none() {
            print(&artifacts(&files))?;
        }
        Ok(Exit::Done)
    }

    /// Writes one file. Its name is untrusted: it is checked here again, and a link in the folder that
    /// leads out of it is not followed.
    async fn write(&self, client: &Client, dir: &Path, file: &Value) -> Result<PathBuf, Failure> {
        let name = file.get("name").and_then(Value::as_str).unwrap_or_default();
        let name: ArtifactName =
            name.parse().with_context(|| format!("the host sent a file named {name:?}"))?;
        let segments: Vec<&str> =
            ["jobs", &self.id, "artifacts"].into_iter().chain(name.as_str().split('/')).collect();
        let bytes = client.bytes(&segments).await?;
        let path = dir.join(name.as_str());
        let parent = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(parent)
            .with_context(|| format!("cannot make the folder {}", parent.display()))?;
        let inside = dir.canonicalize().and_then(|dir| Ok(parent.canonicalize()?.starts_with(dir)));
        if !inside.unwrap_or(false) || path.is_symlink() {
            return Err(anyhow::anyhow!("{} leads out of {}", path.display(), dir.display()).into());
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).truncate(true).create(true).create_new(!self.force);
        let written = options.open(&path).and_then(|mut file| std::io::Write::write_all(&mut file, &bytes));
        match written {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(Failure::Usage(format!("{} is there already; --force writes over it", path.display())))
            }
            written => {
                written.with_context(|| format!("cannot write {}", path.display()))?;
                Ok(path)
            }
        }
    }
}
