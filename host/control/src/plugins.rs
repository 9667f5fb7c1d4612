//! Plugins that are handed in: examined, shown with what they change, put into the folder; and removed from it.

use crate::AgentControl;
use anvil_api::{PluginRemoved, PluginReport};
use anvil_sandbox::{IncomingPlugin, Rejection, is_older};
use anvil_store::StoreError;
use anvil_types::Timestamp;
use anvil_types::words::{PluginChange, PluginRefusal};
use std::sync::PoisonError;
use std::time::Duration;

/// How long a plugin that was put in may take to be in force until it is said that it still comes.
const TAKEN_UP: Duration = Duration::from_secs(10);
/// Plugins that are held at once until somebody says that they go in,
const HELD: usize = 8;
/// and for how long.
const HELD_FOR: Duration = Duration::from_mins(15);

/// Why a plugin was not put in, or not removed.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// It makes no sense.
    #[error(transparent)]
    Refused(#[from] PluginRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Rejection> for PluginError {
    fn from(rejection: Rejection) -> Self {
        PluginRefusal::Rejected(rejection.to_string()).into()
    }
}

/// A plugin on its way in; gone with this value unless it is put in.
#[derive(Debug)]
pub struct PluginUpload(IncomingPlugin);

impl PluginUpload {
    /// More of its bytes have come.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), PluginError> {
        Ok(self.0.write(bytes).await?)
    }
}

/// A plugin that somebody looks at before it goes in.
#[derive(Debug)]
pub(crate) struct Held {
    report: PluginReport,
    incoming: PluginUpload,
    at: Timestamp,
}

impl AgentControl {
    /// Begins to take a plugin in.
    pub async fn incoming(&self) -> Result<PluginUpload, PluginError> {
        Ok(PluginUpload(self.catalog.incoming().await?))
    }

    /// The largest plugin that is taken, in bytes.
    pub fn max_plugin_bytes(&self) -> u64 {
        self.catalog.max_file_bytes()
    }

    /// Examines a plugin that has come whole, as a file of the folder is examined, and says what it changes; refused
    /// where it is another agent than `asked`.
    pub async fn examine(
        &self,
        incoming: &mut PluginUpload,
        asked: Option<&str>,
    ) -> Result<PluginReport, PluginError> {
        incoming.0.finish().await?;
        let mut agent = self.catalog.check_incoming(&incoming.0).await?;
        if let Some(asked) = asked.filter(|asked| *asked != agent.name) {
            return Err(PluginRefusal::OtherAgent { asked: asked.to_owned(), found: agent.name }.into());
        }
        let file = self.catalog.file_for(&agent.name);
        let file = file.ok_or_else(|| PluginRefusal::FileTaken { agent: agent.name.clone() })?;
        let changes = PluginChange::between(self.catalog.of_file(&agent.name).as_ref(), &agent, is_older);
        let changes = changes.iter().map(ToString::to_string).collect();
        agent.file.clone_from(&file);
        Ok(PluginReport { agent, file, changes, installed: false, in_force: false })
    }

    /// Puts an examined plugin into the folder, and waits a while until it is in force; audited.
    pub async fn put(
        &self,
        incoming: PluginUpload,
        mut report: PluginReport,
        by: &str,
    ) -> Result<PluginReport, PluginError> {
        let (name, digest) = (report.agent.name.clone(), report.agent.digest.clone());
        let detail = format!("{name} {} {digest} {}", report.agent.version, report.file);
        self.store.note_plugin("agent.put", &detail, by).await?;
        let put = self.catalog.put(incoming.0, &report.file).await;
        put.map_err(|error| PluginRefusal::Folder(error.to_string()))?;
        report.installed = true;
        report.in_force = self.catalog.until_file_is(&name, Some(&digest), TAKEN_UP).await;
        if let Some(agent) = self.catalog.of_file(&name).filter(|agent| agent.digest == digest) {
            report.agent = agent;
        }
        Ok(report)
    }

    /// Holds an examined plugin for a while, until somebody says that it goes in.
    pub fn hold(&self, incoming: PluginUpload, report: PluginReport) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        held.retain(|one| now.since(one.at) < HELD_FOR && one.report.agent.digest != report.agent.digest);
        if held.len() >= HELD {
            held.remove(0);
        }
        held.push(Held { report, incoming, at: now });
    }

    /// Puts the held plugin of this digest into the folder; audited.
    pub async fn put_held(&self, digest: &str, by: &str) -> Result<PluginReport, PluginError> {
        let found = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let place = held.iter().position(|one| one.report.agent.digest == digest);
            place.map(|place| held.remove(place))
        };
        let Held { report, incoming, .. } = found.ok_or(PluginRefusal::NotHeld)?;
        self.put(incoming, report, by).await
    }

    /// Removes the files that have an agent: it takes no more jobs, and those that there are wait; audited.
    pub async fn remove(&self, agent: &str, by: &str) -> Result<PluginRemoved, PluginError> {
        if self.catalog.of_file(agent).is_none() {
            return Err(PluginRefusal::NoFile { agent: agent.to_owned() }.into());
        }
        self.store.note_plugin("agent.remove", agent, by).await?;
        let removed = self.catalog.remove_files(agent).await;
        let files = removed.map_err(|error| PluginRefusal::Folder(error.to_string()))?;
        self.catalog.until_file_is(agent, None, TAKEN_UP).await;
        Ok(PluginRemoved { files })
    }
}
