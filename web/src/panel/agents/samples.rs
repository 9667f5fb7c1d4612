//! Made-up plugin files in every state.

use super::kept::Kept;
use super::page::{Agents, AgentsPage};
use crate::panel::kit::samples::{NOW, Sample, ago, html, json, shell, status};
use crate::panel::kit::shell::Nav;
use anvil_api::StateUse;
use anvil_types::{ActionInfo, AgentInfo, AgentState, Effort, StateSize, Tier};

const SCHEMA: &str = r#"{"type":"object","required":["requirements"],"properties":{
  "requirements":{"type":"string","description":"What is to be built, in your own words.","examples":["A login form with e-mail and password"]},
  "language":{"type":"string","enum":["typescript","rust","python"],"default":"typescript","description":"The language of the code."},
  "max_files":{"type":"integer","minimum":1,"maximum":20,"default":5,"description":"At most this many files."},
  "contact":{"type":"string","format":"email","title":"Contact","examples":["you@example.org"]},
  "tests":{"type":"boolean","default":true,"title":"Write tests too"},
  "style":{"type":"object","title":"Style rules","description":"Anything that a linter would say."}}}"#;

/// Plugin files in every state.
pub(crate) fn agents() -> Vec<AgentInfo> {
    let agent = |name: &str, state, summary: &str, actions: &[(&str, &str)]| AgentInfo {
        name: name.to_owned(),
        version: if actions.is_empty() { String::new() } else { "0.1.0".to_owned() },
        summary: summary.to_owned(),
        file: format!("{name}.wasm"),
        digest: "9f2c41d07be35a66c1aa0b".to_owned(),
        size: 214_336,
        state,
        reason: None,
        actions: actions
            .iter()
            .map(|(name, summary)| ActionInfo {
                name: (*name).to_owned(),
                summary: (*summary).to_owned(),
                input_schema: json(SCHEMA),
                output_schema: json("{}"),
            })
            .collect(),
        model_floor: None,
        effort: Effort::Standard,
        time_limit_s: None,
        tool_loop: false,
        loaded_at: ago(7_300),
    };
    let mut agents = vec![
        agent(
            "code-generator",
            AgentState::Ready,
            "Turns requirements into files of code.",
            &[("generate", "Plans, writes and checks the files that the requirements ask for.")],
        ),
        agent(
            "requirements-analyzer",
            AgentState::Ready,
            "Finds what a text leaves open.",
            &[("analyze", "Lists requirements, contradictions and open questions.")],
        ),
        agent(
            "design-architect",
            AgentState::Disabled,
            "Proposes designs and weighs them.",
            &[("design", "Two or three designs with their trade-offs.")],
        ),
        agent("half-a-plugin", AgentState::Rejected, "", &[]),
        agent("notes", AgentState::Rejected, "", &[]),
    ];
    agents[1].model_floor = Some(Tier::Sonnet);
    agents[2].reason = Some("A person switched it off; its 2 jobs wait.".to_owned());
    agents[3].reason = Some(
        "the component imports wasi:http/outgoing-handler@0.2.3, which is not offered: an agent's only way out is \
         anvil:agent/claude"
            .to_owned(),
    );
    agents[4].reason = Some("the file is no WebAssembly: it does not begin with \\0asm".to_owned());
    agents
}

/// Their pages.
pub(crate) fn pages() -> Vec<Sample> {
    let status = status();
    let page = |agents: &[AgentInfo], kept: &[StateUse]| AgentsPage {
        shell: shell(&status, Nav::Agents, "Agents"),
        body: Agents::new(agents, &status.plugins, NOW),
        kept: Kept::new(kept),
    };
    let size = |keys, bytes| StateSize { keys, bytes };
    let kept = |agent: &str, kept| StateUse { agent: agent.into(), kept, quota: size(1_000, 4_194_304) };
    let kept = [kept("code-generator", size(41, 93_000)), kept("gone-long-ago", size(0, 0))];
    vec![("/agents", html(&page(&agents(), &kept))), ("/agents-empty", html(&page(&[], &[])))]
}
