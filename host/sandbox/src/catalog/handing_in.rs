//! Plugins that are handed in, and taken out, over the catalog and not by its folder.

use super::Catalog;
use super::incoming::IncomingPlugin;
use crate::Rejection;
use anvil_types::AgentInfo;
use std::io;
use std::path::Path;
use std::time::Duration;

impl Catalog {
    /// Begins to take a plugin in.
    pub async fn incoming(&self) -> Result<IncomingPlugin, Rejection> {
        IncomingPlugin::into_folder(self.folder(), self.max_file_bytes()).await
    }

    /// What a plugin that has come whole says of itself: examined as a file of the folder is, and not in force.
    pub async fn check_incoming(&self, incoming: &IncomingPlugin) -> Result<AgentInfo, Rejection> {
        self.check(&incoming.path).await
    }

    /// The file that a plugin of this agent goes into: the one that has the agent, or one of its name. None where that
    /// has another agent.
    pub fn file_for(&self, agent: &str) -> Option<String> {
        if let Some(there) = self.of_file(agent) {
            return Some(there.file);
        }
        let file = format!("{agent}.wasm");
        let taken = self.shared.board().agent_of(&file).is_some_and(|other| other != agent);
        (!taken).then_some(file)
    }

    /// Puts a plugin into the folder under this name, in place of what was there. The watch takes it up.
    pub async fn put(&self, mut incoming: IncomingPlugin, file: &str) -> io::Result<()> {
        let target = self.folder().join(plain(file)?);
        tokio::fs::rename(&incoming.path, target).await?;
        incoming.put = true;
        self.rescan();
        Ok(())
    }

    /// Removes the files that have this agent; answers their names.
    pub async fn remove_files(&self, agent: &str) -> io::Result<Vec<String>> {
        let files: Vec<String> = self.shared.board().files_of(agent);
        for file in &files {
            match tokio::fs::remove_file(self.folder().join(plain(file)?)).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.rescan();
        Ok(files)
    }

    /// Waits until the file of an agent has this version, or has gone where there is none; not for longer than that.
    pub async fn until_file_is(&self, agent: &str, digest: Option<&str>, at_most: Duration) -> bool {
        let mut changes = self.changes();
        let is_so = || self.of_file(agent).map(|file| file.digest).as_deref() == digest;
        let wait = async {
            while !is_so() {
                // Whatever changed, it is looked at.
                let _ = tokio::time::timeout(Duration::from_millis(200), changes.recv()).await;
            }
        };
        tokio::time::timeout(at_most, wait).await.is_ok()
    }
}

/// A name that leads nowhere else.
fn plain(file: &str) -> io::Result<&str> {
    let is_plain = Path::new(file).file_name().is_some_and(|name| name == file);
    if is_plain { Ok(file) } else { Err(io::Error::other("this is no name of a file in the folder")) }
}
