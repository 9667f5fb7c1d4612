//! Which version of which agent is in force, worked out from what is known of the files.

use crate::{Plugin, Rejection};
use anvil_types::{AgentInfo, AgentState, Effort, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What is known of one file.
#[derive(Debug, Default)]
struct FileState {
    /// The last version of it that was good.
    good: Option<Arc<Plugin>>,
    /// What is wrong with what it is now.
    rejected: Option<Rejected>,
}

/// A file that is no plugin.
#[derive(Clone, Debug)]
pub(crate) struct Rejected {
    pub(crate) digest: String,
    pub(crate) size: u64,
    pub(crate) reason: Rejection,
    pub(crate) at: Timestamp,
}

/// The files, the agents whose file is gone, and those that a person switched off.
#[derive(Debug, Default)]
pub(crate) struct Board {
    files: BTreeMap<String, FileState>,
    retired: BTreeMap<String, Arc<Plugin>>,
    disabled: BTreeSet<String>,
}

/// What the board comes to.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// The version in force of each agent, those that are switched off included.
    pub(crate) current: HashMap<String, Arc<Plugin>>,
    /// Every file and every retired agent, sorted by name and file.
    pub(crate) agents: Vec<AgentInfo>,
}

impl Board {
    /// A file holds a good plugin.
    pub(crate) fn accept(&mut self, file: &str, plugin: Arc<Plugin>) {
        let state = self.files.entry(file.to_owned()).or_default();
        state.rejected = None;
        let before = state.good.replace(plugin);
        self.retire(before);
    }

    /// A file holds no plugin; what it held before stays in force.
    pub(crate) fn reject(&mut self, file: &str, rejected: Rejected) {
        self.files.entry(file.to_owned()).or_default().rejected = Some(rejected);
    }

    /// A file is as it was when it was last good.
    pub(crate) fn restore(&mut self, file: &str) {
        if let Some(state) = self.files.get_mut(file) {
            state.rejected = None;
        }
    }

    /// A file is gone.
    pub(crate) fn forget(&mut self, file: &str) {
        let state = self.files.remove(file);
        self.retire(state.and_then(|state| state.good));
    }

    /// The last good version of a file.
    pub(crate) fn good(&self, file: &str) -> Option<&Arc<Plugin>> {
        self.files.get(file)?.good.as_ref()
    }

    /// The digest that each file had when it was last good.
    pub(crate) fn in_force(&self) -> BTreeMap<String, String> {
        let good = |(file, state): (&String, &FileState)| {
            state.good.as_ref().map(|plugin| (file.clone(), plugin.digest().to_owned()))
        };
        self.files.iter().filter_map(good).collect()
    }

    /// Switches an agent on or off.
    pub(crate) fn set_enabled(&mut self, name: &str, enabled: bool) {
        if enabled {
            self.disabled.remove(name);
        } else {
            self.disabled.insert(name.to_owned());
        }
    }

    /// The agent of a version that is no longer in its file is retired unless another file has it.
    fn retire(&mut self, plugin: Option<Arc<Plugin>>) {
        if let Some(plugin) = plugin {
            self.retired.insert(plugin.info.name.clone(), plugin);
        }
        let files = &self.files;
        self.retired.retain(|name, _| {
            !files.values().any(|state| state.good.as_ref().is_some_and(|good| good.info.name == *name))
        });
    }

    /// Who is in force, and what is shown of every file.
    pub(crate) fn view(&self) -> View {
        let mut current: HashMap<String, (&String, &Arc<Plugin>)> = HashMap::new();
        for (file, plugin) in self.files.iter().filter_map(|(file, state)| Some((file, state.good.as_ref()?)))
        {
            let name = &plugin.info.name;
            // Of two files with the same version the first by name stays: the choice must not flicker.
            if current.get(name).is_none_or(|(_, other)| plugin.version > other.version) {
                current.insert(name.clone(), (file, plugin));
            }
        }
        let mut agents = Vec::new();
        for (file, state) in &self.files {
            if let Some(plugin) = &state.good {
                let (winner, version) = current
                    .get(&plugin.info.name)
                    .map_or((file, &plugin.info.version), |(winner, plugin)| (*winner, &plugin.info.version));
                agents.push(
                    self.shown(plugin, (winner != file).then_some((winner.as_str(), version.as_str()))),
                );
            }
            if let Some(rejected) = &state.rejected {
                agents.push(shown_rejected(file, rejected, state.good.as_deref()));
            }
        }
        agents.extend(self.retired.values().map(|plugin| {
            let reason = format!("its file `{}` is gone; its jobs wait until it is back", plugin.info.file);
            AgentInfo { state: AgentState::Retired, reason: Some(reason), ..plugin.info.clone() }
        }));
        agents.sort_by(|a, b| (&a.name, &a.file).cmp(&(&b.name, &b.file)));
        let current = current.into_iter().map(|(name, (_, plugin))| (name, Arc::clone(plugin))).collect();
        View { current, agents }
    }

    fn shown(&self, plugin: &Plugin, shadowed_by: Option<(&str, &str)>) -> AgentInfo {
        let (state, reason) = match shadowed_by {
            Some((file, version)) => {
                let reason =
                    format!("`{file}` has version {version} of the same agent; remove one of the two");
                (AgentState::Shadowed, Some(reason))
            }
            None if self.disabled.contains(&plugin.info.name) => {
                (AgentState::Disabled, Some("it is switched off; its jobs wait".to_owned()))
            }
            None => (AgentState::Ready, None),
        };
        AgentInfo { state, reason, ..plugin.info.clone() }
    }
}

fn shown_rejected(file: &str, rejected: &Rejected, good: Option<&Plugin>) -> AgentInfo {
    let stays = good.map(|good| format!("; {} {} stays in force", good.info.name, good.info.version));
    let reason = format!("`{file}` {}{}", rejected.reason, stays.unwrap_or_default());
    AgentInfo {
        name: file.to_owned(),
        version: String::new(),
        summary: String::new(),
        file: file.to_owned(),
        digest: rejected.digest.clone(),
        size: rejected.size,
        state: AgentState::Rejected,
        reason: Some(reason),
        actions: Vec::new(),
        model_floor: None,
        effort: Effort::Standard,
        time_limit_s: None,
        loaded_at: rejected.at,
    }
}
