//! The agents: which plugin files there are, what they can do, and why some are no agents.

use crate::api::switch_agent;
use crate::ask::Who;
use crate::panel::agents::kept::Kept;
use crate::panel::agents::limits::AgentLimits;
use crate::panel::agents::versions::Versions;
use crate::panel::kit::answer::{fragment, html, see_other};
use crate::panel::kit::pill::Pill;
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::kit::when::When;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::PluginsStatus;
use anvil_types::{AgentInfo, AgentState, AsideCause, Timestamp};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Path, State};
use axum::response::Response;

/// The page.
#[derive(Template)]
#[template(path = "agents/page.html")]
pub(crate) struct AgentsPage {
    pub(crate) shell: Shell,
    pub(crate) body: Agents,
    /// How large a plugin may be.
    pub(crate) most: String,
    pub(crate) versions: Versions,
    pub(crate) limits: AgentLimits,
    pub(crate) kept: Kept,
}

/// What of the page changes while it is looked at.
#[derive(Template)]
#[template(path = "agents/body.html")]
pub(crate) struct Agents {
    /// What is to be known of the plugins folder itself.
    notices: Vec<String>,
    /// Those that are agents.
    #[expect(clippy::struct_field_names, reason = "the page is called after them")]
    agents: Vec<Card>,
    /// Files that are none, or not now.
    others: Vec<Card>,
}

impl HtmlSafe for Agents {}

/// One plugin file. All texts are untrusted.
struct Card {
    name: String,
    version: String,
    summary: String,
    file: String,
    digest: String,
    size: String,
    pill: Pill,
    reason: Option<String>,
    /// Why another version than its file's is in force, or none, and the way to end that.
    aside: Option<(Option<String>, &'static str)>,
    actions: Vec<Action>,
    floor: Option<&'static str>,
    may_call: String,
    loaded: When,
    ready: bool,
    disabled: bool,
}

/// One thing that an agent can do.
struct Action {
    name: String,
    summary: String,
    href: String,
}

impl Agents {
    pub(crate) fn new(agents: &[AgentInfo], plugins: &PluginsStatus, now: Timestamp) -> Self {
        let mut notices: Vec<String> = plugins.trouble.clone().into_iter().collect();
        if plugins.compiling > 0 {
            notices.push(format!(
                "{} being compiled, one after the other, the small ones first; jobs for agents known from before \
                 are taken, and wait.",
                count(plugins.compiling, "plugin is", "plugins are")
            ));
        }
        if plugins.waiting > 0 {
            notices.push(format!(
                "{} still to be looked at, one after the other.",
                count(plugins.waiting, "file is", "files are")
            ));
        }
        if plugins.delayed > 0 {
            notices.push(format!(
                "{} not loaded just now, and the host tries again.",
                count(plugins.delayed, "plugin could", "plugins could")
            ));
        }
        let (mut works, mut others) = (Vec::new(), Vec::new());
        for agent in agents {
            let card = Card::new(agent, now);
            // What is known of a file that is no agent, or none yet, has no action.
            let is_agent = !agent.actions.is_empty() && agent.state != AgentState::Shadowed;
            if is_agent { works.push(card) } else { others.push(card) }
        }
        Self { notices, agents: works, others }
    }
}

fn count(number: u32, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// Why another version than its file's is in force, or none, and the way to end that.
fn aside(agent: &AgentInfo) -> Option<(Option<String>, &'static str)> {
    match &agent.instead_of {
        Some(replaced) if replaced.cause == AsideCause::RolledBack => {
            Some((Some(replaced.reason.clone()), "forward"))
        }
        Some(replaced) => Some((Some(replaced.reason.clone()), "release")),
        None if agent.state == AgentState::Quarantined => Some((None, "release")),
        None => None,
    }
}

impl Card {
    fn new(agent: &AgentInfo, now: Timestamp) -> Self {
        let actions = agent.actions.iter().map(|action| Action {
            name: action.name.clone(),
            summary: action.summary.clone(),
            href: crate::panel::submit::page::href(&agent.name, &action.name),
        });
        Self {
            name: agent.name.clone(),
            version: agent.version.clone(),
            summary: agent.summary.clone(),
            file: agent.file.clone(),
            digest: agent.digest.chars().take(12).collect(),
            size: crate::panel::kit::numbers::bytes(agent.size),
            pill: agent.state.into(),
            reason: agent.reason.clone(),
            aside: aside(agent),
            actions: actions.collect(),
            floor: agent.model_floor.map(anvil_types::Tier::name),
            may_call: agent.may_call.join(", "),
            loaded: When::relative(agent.loaded_at, now),
            ready: agent.state == AgentState::Ready,
            disabled: agent.state == AgentState::Disabled,
        }
    }

    /// What the way to end it is called.
    fn ends(way: &str) -> &'static str {
        if way == "forward" { "Go forward to its file" } else { "End the quarantine" }
    }

    /// The name in an address.
    fn path(&self) -> String {
        crate::panel::kit::address::encode(&self.name)
    }
}

pub(super) async fn page(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, status) = Shell::load(&state, Nav::Agents, "Agents").await?;
    let kept = Kept::new(&state.control.state.all().await?);
    let body = Agents::new(&state.control.agents.all(), &status.plugins, status.now);
    let versions = Versions::load(&state, status.now).await?;
    let limits = AgentLimits::load(&state).await?;
    let most = crate::panel::kit::numbers::bytes(state.control.agents.max_plugin_bytes());
    html(&AgentsPage { shell, body, most, versions, limits, kept })
}

pub(super) async fn changing(State(state): State<WebState>) -> Result<Response, Problem> {
    let now = state.control.clock.now();
    fragment(&Agents::new(&state.control.agents.all(), &state.control.agents.folder(), now), now)
}

pub(super) async fn enable(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    switch_agent(&state, &name, true, by).await?;
    Ok(see_other("/agents"))
}

pub(super) async fn disable(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    switch_agent(&state, &name, false, by).await?;
    Ok(see_other("/agents"))
}
