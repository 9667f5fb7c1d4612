//! Which version of which agent is in force, worked out from what is known of the files.

use super::aside::{Aside, InPlace};
use super::kept::Retired;
use super::roster::Roster;
use super::settings::{CatalogSettings, PayloadBound};
use crate::Plugin;
use crate::plugin::{Known, Schemas};
use anvil_types::{Actions, AgentInfo, AgentState, Effort, PerAgent, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Why an agent that is switched off takes no jobs.
const OFF: &str = "it is switched off; its jobs wait";

/// What is known of one file.
#[derive(Debug, Default)]
struct FileState {
    held: Held,
    /// What is to be said of what the file is now, where that is not in force.
    notice: Option<Notice>,
}

/// The last version of a file that was good.
#[derive(Debug, Default)]
pub(crate) enum Held {
    #[default]
    Nothing,
    /// It was in force before the host started; it takes jobs, and is being made ready to run them.
    Known(Arc<Known>),
    /// It is ready to run.
    Good(Arc<Plugin>),
}

impl Held {
    pub(crate) fn known(&self) -> Option<&Arc<Known>> {
        match self {
            Self::Nothing => None,
            Self::Known(known) => Some(known),
            Self::Good(plugin) => Some(&plugin.known),
        }
    }

    pub(crate) fn plugin(&self) -> Option<&Arc<Plugin>> {
        match self {
            Self::Good(plugin) => Some(plugin),
            _ => None,
        }
    }
}

/// What is said of a file that is no plugin, or none yet.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// `Rejected`, `Compiling` or `Delayed`.
    pub(crate) state: AgentState,
    pub(crate) digest: String,
    pub(crate) size: u64,
    /// Bounded in length.
    pub(crate) reason: String,
    /// Whether it has a line of its own yet: what is done in a moment has none.
    pub(crate) has_line: bool,
    pub(crate) at: Timestamp,
}

/// The files, the agents whose file is gone, and those that a person switched off.
#[derive(Debug, Default)]
pub(crate) struct Board {
    files: BTreeMap<String, FileState>,
    retired: BTreeMap<String, (Arc<Known>, Timestamp)>,
    disabled: BTreeSet<String>,
    /// The agents that each may hand work to.
    may_call: HashMap<String, Vec<String>>,
    /// The longest payload of each agent's jobs.
    payloads: Arc<PerAgent<PayloadBound>>,
    /// Versions that are not in force though their files are there.
    pub(crate) aside: Aside,
}

/// What the board comes to.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// The version in force of each agent that is ready to run, those that are switched off included.
    pub(crate) current: HashMap<String, Arc<Plugin>>,
    /// The agents of which another version is in force than their file's.
    pub(crate) stood_in: HashSet<String>,
    /// What is shown.
    pub(crate) roster: Arc<Roster>,
}

impl View {
    /// The versions in force of the agents that take jobs now.
    pub(crate) fn taking_jobs(&self) -> impl Iterator<Item = &Arc<Plugin>> {
        let takes = |agent: &&AgentInfo| agent.state == AgentState::Ready;
        self.roster.iter().filter(takes).filter_map(|agent| self.current.get(&agent.name))
    }
}

impl Board {
    /// Without a file yet, with what the settings say of agents.
    pub(crate) fn new(settings: &CatalogSettings) -> Self {
        let payloads = Arc::new(settings.payloads.clone());
        Self { may_call: settings.may_call.clone(), payloads, ..Self::default() }
    }

    /// What was in force before the host started.
    pub(crate) fn known(&mut self, file: &str, known: Known) {
        self.files.entry(file.to_owned()).or_default().held = Held::Known(Arc::new(known));
    }

    /// Whether something is known of a file.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    /// What had lost its file before the host started.
    pub(crate) fn known_retired(&mut self, known: Known, since: Timestamp) {
        self.retired.insert(known.info.name.clone(), (Arc::new(known), since));
    }

    /// A file holds a good plugin.
    pub(crate) fn accept(&mut self, file: &str, plugin: Arc<Plugin>) {
        let state = self.files.entry(file.to_owned()).or_default();
        state.notice = None;
        let at = plugin.info.loaded_at;
        let before = std::mem::replace(&mut state.held, Held::Good(plugin));
        self.retire(before.known().cloned(), at);
    }

    /// The version that a file held when it was last good is ready to run; what the file is now is none.
    pub(crate) fn accept_last_good(&mut self, file: &str, plugin: Arc<Plugin>) {
        if let Some(state) = self.files.get_mut(file)
            && let Held::Known(known) = &state.held
            && known.info.digest == plugin.digest()
        {
            state.held = Held::Good(plugin);
        }
    }

    /// Something is to be said of a file; what it held before stays in force. A version that is refused itself
    /// does not.
    pub(crate) fn tell(&mut self, file: &str, notice: Notice) {
        let state = self.files.entry(file.to_owned()).or_default();
        // What is tried again stays as it is until that has come to something.
        let is_again = |now: &Notice| now.state == AgentState::Delayed && now.digest == notice.digest;
        if notice.state == AgentState::Compiling && state.notice.as_ref().is_some_and(is_again) {
            return;
        }
        if notice.state == AgentState::Rejected
            && let Held::Known(known) = &state.held
            && known.info.digest == notice.digest
        {
            state.held = Held::Nothing;
        }
        state.notice = Some(notice);
    }

    /// A file is as it was when it was last good.
    pub(crate) fn restore(&mut self, file: &str) {
        if let Some(state) = self.files.get_mut(file) {
            state.notice = None;
        }
    }

    /// What was in force before the host started cannot be made ready to run any more.
    pub(crate) fn lose(&mut self, file: &str, digest: &str) {
        if let Some(state) = self.files.get_mut(file)
            && let Held::Known(known) = &state.held
            && known.info.digest == digest
        {
            state.held = Held::Nothing;
        }
    }

    /// A file is gone.
    pub(crate) fn forget(&mut self, file: &str, at: Timestamp) {
        let state = self.files.remove(file);
        self.retire(state.and_then(|state| state.held.known().cloned()), at);
    }

    /// The version that a file held when it was last good, where it is ready to run.
    pub(crate) fn good(&self, file: &str) -> Option<&Arc<Plugin>> {
        self.files.get(file)?.held.plugin()
    }

    /// A version that some file holds, also where another file's is in force.
    pub(crate) fn with_digest(&self, digest: &str) -> Option<Arc<Plugin>> {
        let mut good = self.files.values().filter_map(|state| state.held.plugin());
        good.find(|plugin| plugin.digest() == digest).cloned().or_else(|| self.aside.ready(digest))
    }

    /// The digest of what a file held before the host started, while that is not ready to run.
    pub(crate) fn waits_for(&self, file: &str) -> Option<&str> {
        match &self.files.get(file)?.held {
            Held::Known(known) => Some(&known.info.digest),
            _ => None,
        }
    }

    /// The files that are on the board.
    pub(crate) fn files(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    /// The digest that each file had when it was last good.
    pub(crate) fn in_force(&self) -> BTreeMap<String, String> {
        let known = |(file, state): (&String, &FileState)| {
            Some((file.clone(), state.held.known()?.info.digest.clone()))
        };
        self.files.iter().filter_map(known).collect()
    }

    /// The agents whose file is gone.
    pub(crate) fn retired(&self) -> BTreeMap<String, Retired> {
        let retired = self.retired.iter().map(|(name, (known, since))| {
            (name.clone(), Retired { digest: known.info.digest.clone(), since: *since })
        });
        retired.collect()
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
    fn retire(&mut self, known: Option<Arc<Known>>, at: Timestamp) {
        if let Some(known) = known {
            self.retired.insert(known.info.name.clone(), (known, at));
        }
        let files = &self.files;
        self.retired.retain(|name, _| {
            !files.values().any(|state| state.held.known().is_some_and(|held| held.info.name == *name))
        });
    }

    /// What the file of an agent says of itself, of several the one that comes first.
    pub(crate) fn of_file(&self, agent: &str) -> Option<AgentInfo> {
        self.winners().get(agent).and_then(|(_, state)| Some(state.held.known()?.info.clone()))
    }

    /// The files whose last good version is of an agent.
    pub(crate) fn files_of(&self, agent: &str) -> Vec<String> {
        let is_of = |state: &FileState| state.held.known().is_some_and(|known| known.info.name == agent);
        self.files.iter().filter(|(_, state)| is_of(state)).map(|(file, _)| file.clone()).collect()
    }

    /// The agent that the last good version of a file is; none where the folder has no such file.
    pub(crate) fn agent_of(&self, file: &str) -> Option<&str> {
        self.files.get(file)?.held.known().map(|known| known.info.name.as_str())
    }

    /// The file that comes first of each agent.
    fn winners(&self) -> HashMap<&str, (&str, &FileState)> {
        let mut winners: HashMap<&str, (&str, &FileState)> = HashMap::new();
        for (file, state) in &self.files {
            let Some(known) = state.held.known() else { continue };
            // Of two files with the same version the first by name stays: the choice must not flicker.
            let newer = |(_, other): &(&str, &FileState)| {
                other.held.known().is_none_or(|other| known.version > other.version)
            };
            if winners.get(known.info.name.as_str()).is_none_or(newer) {
                winners.insert(&known.info.name, (file, state));
            }
        }
        winners
    }

    /// Who is in force, and what is shown of every file.
    pub(crate) fn view(&self) -> View {
        let winners = self.winners();
        let mut agents = Vec::new();
        let (mut coming, mut waiting) = (Vec::new(), Vec::new());
        for (file, state) in &self.files {
            if let Some(known) = state.held.known() {
                let winner = winners.get(known.info.name.as_str()).filter(|(winner, _)| winner != file);
                agents.push(self.shown(state, known, winner));
            }
            let Some(notice) = &state.notice else { continue };
            if state.held.known().is_none() && notice.state != AgentState::Rejected {
                coming.push(format!("`{file}` {}", notice.reason));
                if !notice.has_line {
                    waiting.push(file.clone());
                }
            }
            // What is known of it already is one line, and not two.
            if notice.has_line
                && !(notice.state != AgentState::Rejected && self.waits_for(file) == Some(&notice.digest))
            {
                agents.push(noticed(file, notice, state.held.known()));
            }
        }
        agents.extend(self.retired.values().map(|(known, _)| {
            let reason = format!("its file `{}` is gone; its jobs wait until it is back", known.info.file);
            AgentInfo { state: AgentState::Retired, reason: Some(reason), ..known.info.clone() }
        }));
        for agent in &mut agents {
            agent.may_call = self.may_call.get(&agent.name).cloned().unwrap_or_default();
        }
        agents.sort_by(|a, b| (&a.name, &a.file).cmp(&(&b.name, &b.file)));
        let mut schemas: HashMap<String, Schemas> = self
            .retired
            .values()
            .map(|(known, _)| (known.info.name.clone(), Arc::clone(&known.schemas)))
            .collect();
        let (mut current, mut stood_in) = (HashMap::new(), HashSet::new());
        for (name, (_, state)) in &winners {
            let held = self.in_force_of(state);
            if state.held.known().is_some_and(|known| self.in_place_of(known).is_some()) {
                stood_in.insert((*name).to_owned());
            }
            // Jobs of an agent that no version is in force of are held against what its file says.
            if let Some(known) = held.unwrap_or(&state.held).known() {
                schemas.insert((*name).to_owned(), Arc::clone(&known.schemas));
            }
            if let Some(plugin) = held.and_then(Held::plugin) {
                current.insert((*name).to_owned(), Arc::clone(plugin));
            }
        }
        View {
            current,
            stood_in,
            roster: Arc::new(Roster::new(agents, schemas, coming, waiting, Arc::clone(&self.payloads))),
        }
    }

    /// How the version of a file is set aside, where it is.
    fn in_place_of(&self, known: &Known) -> Option<InPlace<'_>> {
        self.aside.in_place_of(&known.info.name, &known.info.digest)
    }

    /// What is in force where this file comes first of its agent's: its own version, or what stands in for it.
    fn in_force_of<'a>(&'a self, state: &'a FileState) -> Option<&'a Held> {
        match state.held.known().and_then(|known| self.in_place_of(known)) {
            Some(in_place) => in_place.stand_in,
            None => Some(&state.held),
        }
    }

    fn shown(&self, state: &FileState, known: &Known, winner: Option<&(&str, &FileState)>) -> AgentInfo {
        let (shown, reason) = if let Some((file, winner)) = winner {
            let version = winner.held.known().map_or("", |known| known.info.version.as_str());
            let reason = format!("`{file}` has version {version} of the same agent; remove one of the two");
            (AgentState::Shadowed, Some(reason))
        } else if let Some(in_place) = self.in_place_of(known) {
            let shown = in_place.shown(known);
            if !self.disabled.contains(&known.info.name) {
                return shown;
            }
            return AgentInfo { state: AgentState::Disabled, reason: Some(OFF.to_owned()), ..shown };
        } else if self.disabled.contains(&known.info.name) {
            (AgentState::Disabled, Some(OFF.to_owned()))
        } else if state.held.plugin().is_some() {
            (AgentState::Ready, None)
        } else {
            let own = state.notice.as_ref().filter(|notice| notice.digest == known.info.digest);
            let (state, reason) = own
                .map_or((AgentState::Compiling, "is being loaded"), |own| (own.state, own.reason.as_str()));
            (state, Some(format!("it {reason}; it takes jobs, and they wait")))
        };
        AgentInfo { state: shown, reason, ..known.info.clone() }
    }
}

fn noticed(file: &str, notice: &Notice, held: Option<&Arc<Known>>) -> AgentInfo {
    let stays = held.map(|held| format!("; {} {} stays in force", held.info.name, held.info.version));
    let reason = format!("`{file}` {}{}", notice.reason, stays.unwrap_or_default());
    AgentInfo {
        name: file.to_owned(),
        version: String::new(),
        summary: String::new(),
        file: file.to_owned(),
        digest: notice.digest.clone(),
        size: notice.size,
        state: notice.state,
        reason: Some(reason),
        actions: Actions::default(),
        model_floor: None,
        effort: Effort::Standard,
        time_limit_s: None,
        tool_loop: false,
        may_call: Vec::new(),
        loaded_at: notice.at,
        instead_of: None,
    }
}
