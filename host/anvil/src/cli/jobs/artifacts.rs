//! `anvil jobs artifacts` and `inputs`.

use crate::answer::Answer;
use crate::cli::Globals;
use crate::cli::result::{artifacts, inputs};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::print;
use anvil_api::List;
use anvil_types::{ArtifactInfo, ArtifactName, InputInfo};
use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
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
        let none = "The job has handed over no files.";
        let name = |file: &ArtifactInfo| file.name.clone();
        self.list(client, globals, "artifacts", none, name, artifacts).await
    }

    /// The same of the files that the job was submitted with.
    pub(crate) async fn inputs(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let none = "The job was submitted with no files.";
        self.list(client, globals, "inputs", none, |file: &InputInfo| file.name.clone(), inputs).await
    }

    async fn list<T: Serialize + DeserializeOwned>(
        &self,
        client: &Client,
        globals: &Globals,
        kind: &str,
        none: &str,
        name: fn(&T) -> ArtifactName,
        table: fn(&[T]) -> String,
    ) -> Result<Exit, Failure> {
        let answer: Answer<List<T>> = client.get(&["jobs", &self.id, kind], &[]).await?;
        if globals.json && self.out.is_none() {
            answer.print()?;
            return Ok(Exit::Done);
        }
        let files = answer.read()?.items;
        if let Some(dir) = &self.out {
            // The names are a stranger's: they were checked again where the answer was read.
            let names: Vec<ArtifactName> = files.iter().map(name).collect();
            self.write_all(client, globals, dir, kind, &names).await?;
        }
        if globals.json {
            answer.print()?;
        } else if files.is_empty() {
            print(none)?;
        } else if self.out.is_none() {
            print(&table(&files))?;
        }
        Ok(Exit::Done)
    }

    /// Writes every file that can be written; what cannot is told at the end.
    async fn write_all(
        &self,
        client: &Client,
        globals: &Globals,
        dir: &Path,
        kind: &str,
        names: &[ArtifactName],
    ) -> Result<(), Failure> {
        let mut failures = Vec::new();
        for name in names {
            let place = place(name, names);
            match self.write(client, dir, kind, name, &place).await {
                Ok(path) => {
                    if place != name.as_str() {
                        eprintln!("`{name}` is a folder of other files too: it is written as `{place}`");
                    }
                    if !globals.json {
                        print(&path.display().to_string())?;
                    }
                }
                // Without a host or a reader, the others would fail as well.
                Err(failure @ (Failure::Unreachable { .. } | Failure::OutputClosed)) => return Err(failure),
                Err(failure) => failures.push(failure),
            }
        }
        let most = failures.len();
        match failures.into_iter().next() {
            None => Ok(()),
            Some(failure) if most == 1 => Err(failure),
            Some(failure) => {
                Err(Failure::Usage(format!("{most} of {} files are not written: {failure}", names.len())))
            }
        }
    }

    async fn write(
        &self,
        client: &Client,
        dir: &Path,
        kind: &str,
        name: &ArtifactName,
        place: &str,
    ) -> Result<PathBuf, Failure> {
        let segments: Vec<&str> =
            ["jobs", &self.id, kind].into_iter().chain(name.as_str().split('/')).collect();
        let bytes = client.bytes(&segments).await?;
        put(dir, place, &bytes, self.force)
    }
}

/// Writes one file. A link in the folder that leads out of it is not followed.
pub(crate) fn put(dir: &Path, place: &str, bytes: &[u8], force: bool) -> Result<PathBuf, Failure> {
    let path = dir.join(place);
    let parent = path.parent().unwrap_or(dir);
    std::fs::create_dir_all(parent)
        .with_context(|| format!("cannot make the folder {}", parent.display()))?;
    let inside = dir.canonicalize().and_then(|dir| Ok(parent.canonicalize()?.starts_with(dir)));
    if !inside.unwrap_or(false) || path.is_symlink() {
        return Err(anyhow::anyhow!("{} leads out of {}", path.display(), dir.display()).into());
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).truncate(true).create(true).create_new(!force);
    let written = options.open(&path).and_then(|mut file| std::io::Write::write_all(&mut file, bytes));
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

/// Where in the folder a file goes: under its name, unless that is a folder of other files (`a` beside `a/b`), which a
/// job may have and a disk may not.
pub(crate) fn place(name: &ArtifactName, names: &[ArtifactName]) -> String {
    let is_folder = |place: &str| {
        let inside = |other: &ArtifactName| {
            other.as_str().strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
        };
        names.iter().any(inside)
    };
    let is_taken = |place: &str| is_folder(place) || names.iter().any(|other| other.as_str() == place);
    let mut place = name.as_str().to_owned();
    if is_folder(&place) {
        while is_taken(&place) {
            place.push_str(".file");
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beside_a_folder_of_its_name_has_a_place_of_its_own() {
        let names = ["a", "a/b", "a/b/c", "a.file", "ab", "d"]
            .map(|name| name.parse::<ArtifactName>().expect("a name"));
        let places = names.each_ref().map(|name| place(name, &names));
        assert_eq!(places, ["a.file.file", "a/b.file", "a/b/c", "a.file", "ab", "d"]);
    }
}
