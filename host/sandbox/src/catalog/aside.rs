//! Versions that are set aside, and those that are in force in their place.

use super::board::Held;
use crate::Plugin;
use crate::plugin::Known;
use anvil_types::words::AsideShown;
use anvil_types::{AgentInfo, AgentState, AsideCause, AsideVersion, ReplacedVersion};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Versions that are set aside, by agent and digest, and those that stand in for them, by digest.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    set: HashMap<String, BTreeMap<String, AsideVersion>>,
    stand_ins: HashMap<String, Held>,
}

/// What is in force where the version of a file is set aside.
pub(crate) struct InPlace<'a> {
    /// Why that one is set aside.
    pub(crate) aside: &'a AsideVersion,
    /// The version in its place, where there is one.
    pub(crate) stand_in: Option<&'a Held>,
}

impl Aside {
    /// Puts these in place of all that was set aside of an agent; answers the digests that stand in now and are still
    /// to be made ready.
    pub(crate) fn replace(
        &mut self,
        agent: &str,
        versions: Vec<AsideVersion>,
        known: impl Fn(&str) -> Option<Known>,
    ) -> Vec<String> {
        let versions: BTreeMap<_, _> = versions.into_iter().map(|one| (one.digest.clone(), one)).collect();
        if versions.is_empty() {
            self.set.remove(agent);
        } else {
            self.set.insert(agent.to_owned(), versions);
        }
        let needed = self.stood_in();
        self.stand_ins.retain(|digest, _| needed.contains(digest));
        for digest in &needed {
            if !self.stand_ins.contains_key(digest)
                && let Some(known) = known(digest)
            {
                self.stand_ins.insert(digest.clone(), Held::Known(Arc::new(known)));
            }
        }
        needed.into_iter().filter(|digest| self.waits_for(digest)).collect()
    }

    /// What is in force where a file of an agent has the version of this digest; none where that is itself in force.
    pub(crate) fn in_place_of(&self, agent: &str, digest: &str) -> Option<InPlace<'_>> {
        let versions = self.set.get(agent)?;
        let aside = versions.get(digest)?;
        let stand_in = end_of(versions, aside).and_then(|digest| self.stand_ins.get(digest));
        Some(InPlace { aside, stand_in })
    }

    /// Whether a version of an agent is set aside.
    pub(crate) fn has(&self, agent: &str, digest: &str) -> bool {
        self.set.get(agent).is_some_and(|versions| versions.contains_key(digest))
    }

    /// The versions of an agent that are set aside.
    pub(crate) fn of(&self, agent: &str) -> Vec<AsideVersion> {
        self.set.get(agent).into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    /// The digests of all versions that stand in for others.
    pub(crate) fn stood_in(&self) -> HashSet<String> {
        let ends = self.set.values().flat_map(|versions| {
            versions.values().filter_map(|aside| end_of(versions, aside)).map(str::to_owned)
        });
        ends.collect()
    }

    /// A version that stands in for another, where it is ready to run.
    pub(crate) fn ready(&self, digest: &str) -> Option<Arc<Plugin>> {
        self.stand_ins.get(digest)?.plugin().cloned()
    }

    /// Whether a version stands in for another, and is still to be made ready.
    pub(crate) fn waits_for(&self, digest: &str) -> bool {
        matches!(self.stand_ins.get(digest), Some(Held::Known(_)))
    }

    /// A version that stands in for another is ready to run.
    pub(crate) fn accept(&mut self, plugin: Arc<Plugin>) {
        if let Some(held) = self.stand_ins.get_mut(plugin.digest()) {
            *held = Held::Good(plugin);
        }
    }

    /// A version that stands in for another cannot be made ready any more.
    pub(crate) fn lose(&mut self, digest: &str) {
        self.stand_ins.remove(digest);
    }
}

/// The version that is in force in the end: what stands in may be set aside itself.
fn end_of<'a>(versions: &'a BTreeMap<String, AsideVersion>, aside: &'a AsideVersion) -> Option<&'a str> {
    let mut instead = aside.instead.as_deref()?;
    // Each at most once, so that a circle has an end.
    for _ in 0..versions.len() {
        match versions.get(instead) {
            Some(further) => instead = further.instead.as_deref()?,
            None => return Some(instead),
        }
    }
    None
}

impl InPlace<'_> {
    /// What is shown of an agent whose file has the version `own`.
    pub(crate) fn shown(&self, own: &Known) -> AgentInfo {
        let (agent, version) = (own.info.name.as_str(), own.info.version.as_str());
        let command = match self.aside.cause {
            AsideCause::RolledBack => "forward",
            AsideCause::Quarantined => "release",
        };
        let reason = self.aside.reason.as_str();
        let Some((stand_in, known)) = self.stand_in.and_then(|held| Some((held, held.known()?))) else {
            let reason = AsideShown::Nothing { version, reason, command, agent }.to_string();
            return AgentInfo { state: AgentState::Quarantined, reason: Some(reason), ..own.info.clone() };
        };
        let (state, why) = match stand_in {
            Held::Good(_) => (AgentState::Ready, None),
            _ => (AgentState::Compiling, Some("it is being loaded; it takes jobs, and they wait".to_owned())),
        };
        let replaced = ReplacedVersion {
            version: version.to_owned(),
            digest: own.info.digest.clone(),
            cause: self.aside.cause,
            file: own.info.file.clone(),
            reason: AsideShown::Replaced { version, file: &own.info.file, reason, command, agent }
                .to_string(),
            since: self.aside.at,
        };
        AgentInfo { state, reason: why, instead_of: Some(replaced), ..known.info.clone() }
    }
}
