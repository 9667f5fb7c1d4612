//! Made-up plugin files in every state.

use super::kept::Kept;
use super::limits::AgentLimits;
use super::page::{Agents, AgentsPage};
use super::smoke::SmokePage;
use super::upload::{Report, UploadPage};
use super::versions::Versions;
use crate::panel::kit::samples::{NOW, Sample, ago, html, json, shell, status};
use crate::panel::kit::shell::Nav;
use anvil_api::{PluginReport, SmokeEnd, SmokeReport, StateUse};
use anvil_types::{
    ActionInfo, AgentInfo, AgentState, AgentVersion, AsideCause, Effort, JobError, LimitUnit, LimitUsed,
    ReplacedVersion, StateSize, Tier, VersionState,
};

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
        may_call: Vec::new(),
        loaded_at: ago(7_300),
        instead_of: None,
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
    "0.2.0".clone_into(&mut agents[1].version);
    agents[1].instead_of = Some(ReplacedVersion {
        file: "requirements-analyzer.wasm".to_owned(),
        version: "0.3.0".to_owned(),
        digest: "3".repeat(64),
        cause: AsideCause::RolledBack,
        reason: "version 0.3.0 of `requirements-analyzer.wasm` is set aside: ann went back from it; a new file or `anvil agents forward \
                 requirements-analyzer` ends that"
            .to_owned(),
        since: ago(600),
    });
    agents[2].reason = Some("A person switched it off; its 2 jobs wait.".to_owned());
    agents[3].reason = Some(
        "the component imports wasi:http/outgoing-handler@0.2.3, which is not offered: an agent's only way out is \
         anvil:agent/claude"
            .to_owned(),
    );
    agents[4].reason = Some("the file is no WebAssembly: it does not begin with \\0asm".to_owned());
    agents
}

/// Versions of which one was gone back from.
fn versions() -> Vec<(String, Vec<AgentVersion>)> {
    let version = |version: &str, digest: char, state, jobs, reason: Option<&str>| AgentVersion {
        version: version.to_owned(),
        digest: digest.to_string().repeat(64),
        file: "summarizer.wasm".to_owned(),
        size: 214_336,
        first_seen: ago(90_000),
        last_seen: ago(7_300),
        state,
        reason: reason.map(str::to_owned),
        jobs,
    };
    let versions = vec![
        version("0.3.0", '3', VersionState::RolledBack, 2, Some("ann went back from it")),
        version("0.2.0", '2', VersionState::InForce, 11, None),
        version(
            "0.1.1",
            '1',
            VersionState::Quarantined,
            0,
            Some("5 runs broke on it within 10 minutes, the last by `memory`"),
        ),
        version("0.1.0", '0', VersionState::Kept, 0, None),
    ];
    vec![("requirements-analyzer".to_owned(), versions)]
}

/// Limits of which some were used.
pub(crate) fn limits(calls: Option<u64>) -> Vec<LimitUsed> {
    let limit = |name: &str, setting: &str, unit, limit, used| LimitUsed {
        name: name.to_owned(),
        setting: setting.to_owned(),
        unit,
        limit,
        used,
    };
    vec![
        limit("cpu_s", "jobs.cpu_s", LimitUnit::Micros, 15_000_000, Some(84_000)),
        limit("memory_mb", "agents.code-generator.memory_mb", LimitUnit::Bytes, 64 << 20, Some(9 << 20)),
        limit("calls", "jobs.calls", LimitUnit::Count, 50, calls),
        limit("resources", "sandbox.resources", LimitUnit::Count, 1_000, None),
    ]
}

/// Their pages.
pub(crate) fn pages() -> Vec<Sample> {
    let status = status();
    let page = |agents: &[AgentInfo], kept: &[StateUse]| AgentsPage {
        shell: shell(&status, Nav::Agents, "Agents"),
        body: Agents::new(agents, &status.plugins, NOW),
        most: "67.1 MB".to_owned(),
        versions: Versions::new(&versions(), NOW),
        limits: AgentLimits::new(&[("code-generator".to_owned(), limits(None))]),
        kept: Kept::new(kept),
    };
    let size = |keys, bytes| StateSize { keys, bytes };
    let kept = |agent: &str, kept| StateUse { agent: agent.into(), kept, quota: size(1_000, 4_194_304) };
    let kept = [kept("code-generator", size(41, 93_000)), kept("gone-long-ago", size(0, 0))];
    let report = PluginReport {
        agent: AgentInfo { instead_of: None, reason: None, ..agents()[0].clone() },
        file: "code-generator.wasm".to_owned(),
        changes: vec!["version 0.1.0 becomes 0.2.0".to_owned(), "the action `review` is new".to_owned()],
        installed: false,
        in_force: false,
    };
    let upload = UploadPage { shell: shell(&status, Nav::Agents, "A plugin"), report: Report::new(&report) };
    let smoke = SmokeReport {
        agent: "code-generator".to_owned(),
        version: "0.1.0".to_owned(),
        digest: "9f2c41d07be35a66c1aa0b".to_owned(),
        action: "generate".to_owned(),
        payload: json(r#"{"requirements":"A login form with e-mail and password"}"#),
        end: SmokeEnd::Failed,
        result: None,
        error: Some(JobError { kind: "bad-reply".to_owned(), message: "the plan names no file".to_owned() }),
        description_fault: None,
        calls: 2,
        questions: 0,
        tasks: 0,
        files: 0,
        file_bytes: 0,
        log: vec!["guest: plans the files".to_owned()],
        used: crate::panel::jobs::samples::used(),
    };
    let smoke = SmokePage::new(shell(&status, Nav::Agents, "A try"), &smoke);
    vec![
        ("/agents/smoke", html(&smoke)),
        ("/plugins/look", html(&upload)),
        ("/agents", html(&page(&agents(), &kept))),
        ("/agents-empty", html(&page(&[], &[]))),
    ]
}
