//! Versions of agents: what is kept, going back and forward, the end of a quarantine.

use crate::AgentControl;
use anvil_runner::put_in_force;
use anvil_sandbox::KeptVersion;
use anvil_store::StoreError;
use anvil_types::words::VersionRefusal;
use anvil_types::{AgentInfo, AgentState, AgentVersion, AsideCause, VersionState};
use std::collections::HashMap;

/// The fewest characters of a digest that name a version.
const FEWEST: usize = 6;

/// Why the version in force was not changed.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// It makes no sense.
    #[error(transparent)]
    Refused(#[from] VersionRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AgentControl {
    /// The versions of an agent that were in force and are kept, that first which came last; empty where none is known.
    pub async fn versions(&self, agent: &str) -> Result<Vec<AgentVersion>, StoreError> {
        let jobs: HashMap<String, u64> = self.store.jobs_by_version().await?.into_iter().collect();
        let kept = self.catalog.versions(agent, |digest| jobs.contains_key(digest));
        let in_force = self.in_force(agent).map(|agent| agent.digest);
        let aside = self.catalog.aside(agent);
        let shown = |version: KeptVersion| {
            let set_aside = aside.iter().find(|one| one.digest == version.digest);
            let state = match set_aside.map(|one| one.cause) {
                Some(AsideCause::RolledBack) => VersionState::RolledBack,
                Some(AsideCause::Quarantined) => VersionState::Quarantined,
                None if in_force.as_ref() == Some(&version.digest) => VersionState::InForce,
                None => VersionState::Kept,
            };
            AgentVersion {
                jobs: jobs.get(&version.digest).copied().unwrap_or(0),
                version: version.version,
                digest: version.digest,
                file: version.file,
                size: version.size,
                first_seen: version.first_seen,
                last_seen: version.last_seen,
                state,
                reason: set_aside.map(|one| one.reason.clone()),
            }
        };
        Ok(kept.into_iter().map(shown).collect())
    }

    /// Goes back to a kept version of an agent: that whose digest begins with `to`, or the one that was in force before.
    /// It is in force until a new file comes or somebody goes forward; jobs that run go on on theirs.
    pub async fn roll_back(
        &self,
        agent: &str,
        to: Option<&str>,
        by: &str,
    ) -> Result<AgentInfo, VersionError> {
        let named = || agent.to_owned();
        let file = self.catalog.of_file(agent).ok_or_else(|| VersionRefusal::NoFile { agent: named() })?;
        let in_force = self.in_force(agent);
        let versions = self.versions(agent).await?;
        let to = match to {
            Some(digest) => named_version(versions, agent, digest)?,
            None => {
                let current = in_force.as_ref().map_or(file.digest.as_str(), |agent| agent.digest.as_str());
                let before = version_before(versions, current);
                before.ok_or_else(|| VersionRefusal::NoneBefore { agent: named() })?
            }
        };
        let (version, digest) = (to.version.clone(), to.digest.clone());
        if in_force.is_some_and(|agent| agent.digest == digest) {
            return Err(VersionRefusal::InForce { agent: named(), version, digest }.into());
        }
        if to.state == VersionState::Quarantined {
            return Err(VersionRefusal::InQuarantine { agent: named(), version, digest }.into());
        }
        if digest == file.digest {
            return Err(VersionRefusal::OwnFile { agent: named(), version }.into());
        }
        self.store.roll_back(agent, &file.digest, &digest, by).await?;
        self.changed(agent).await
    }

    /// Puts the version of an agent's file in force again, from which somebody went back.
    pub async fn roll_forward(&self, agent: &str, by: &str) -> Result<AgentInfo, VersionError> {
        if !self.store.roll_forward(agent, by).await? {
            return Err(VersionRefusal::NotRolledBack { agent: agent.to_owned() }.into());
        }
        self.changed(agent).await
    }

    /// Ends the quarantine of an agent's versions.
    pub async fn release(&self, agent: &str, by: &str) -> Result<AgentInfo, VersionError> {
        if !self.store.release_versions(agent, by).await? {
            return Err(VersionRefusal::NotQuarantined { agent: agent.to_owned() }.into());
        }
        self.changed(agent).await
    }

    /// The agent whose version is in force; none where no file has it any more.
    fn in_force(&self, agent: &str) -> Option<AgentInfo> {
        let shown = self.catalog.agent(agent).filter(|agent| agent.state != AgentState::Retired)?;
        let is_set_aside = self.catalog.aside(agent).iter().any(|one| one.digest == shown.digest);
        Some(shown).filter(|_| !is_set_aside)
    }

    async fn changed(&self, agent: &str) -> Result<AgentInfo, VersionError> {
        put_in_force(&*self.store, &self.catalog, agent).await?;
        self.schedules.notify_one();
        self.catalog.agent(agent).ok_or_else(|| VersionRefusal::NoFile { agent: agent.to_owned() }.into())
    }
}

/// The kept version whose digest begins so.
fn named_version(
    versions: Vec<AgentVersion>,
    agent: &str,
    digest: &str,
) -> Result<AgentVersion, VersionRefusal> {
    let (agent, digest) = (agent.to_owned(), digest.to_owned());
    let begins = |version: &AgentVersion| digest.len() >= FEWEST && version.digest.starts_with(&digest);
    let mut found = versions.into_iter().filter(begins);
    match (found.next(), found.next()) {
        (None, _) => Err(VersionRefusal::NoVersion { agent, digest: anvil_types::clip(&digest) }),
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(VersionRefusal::Ambiguous { agent, digest }),
    }
}

/// The version that came before another, as far as it is kept and not set aside.
fn version_before(versions: Vec<AgentVersion>, digest: &str) -> Option<AgentVersion> {
    let place = versions.iter().position(|version| version.digest == digest).map_or(0, |place| place + 1);
    versions.into_iter().skip(place).find(|version| version.state == VersionState::Kept)
}
