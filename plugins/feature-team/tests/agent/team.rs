//! A host whose team and people are played from a script.

use feature_team::host::Host;
use feature_team::wit::anvil::agent::claude::{Extra, Remaining};
use feature_team::wit::anvil::agent::job::{ArtifactRef, InputRef, Level};
use feature_team::wit::anvil::agent::people::{Answer, AskError, Question};
use feature_team::wit::anvil::agent::team::{Done, Failure, Task};
use feature_team::wit::exports::anvil::agent::agent_api::Job;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// What each task costs, in nano-dollars.
pub(crate) const COST: u64 = 10_000_000;
/// What the job may spend.
pub(crate) const CAP: u64 = 1_000_000_000;

/// What the next task of a script gives.
#[derive(Clone, Debug)]
pub(crate) struct Gives {
    outcome: Result<Value, (String, String)>,
    files: Vec<(String, Vec<u8>)>,
    cost: u64,
}

/// The host; its fields tell what the agent did.
#[derive(Debug)]
pub(crate) struct Played {
    script: VecDeque<Gives>,
    pub(crate) answers: VecDeque<Result<String, &'static str>>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) questions: Vec<Question>,
    pub(crate) artifacts: BTreeMap<String, (String, Vec<u8>)>,
    pub(crate) log: Vec<String>,
    pub(crate) progress: Vec<f64>,
    pub(crate) left: u64,
    /// What a cancelled task costs beyond what its lead is told.
    pub(crate) late: u64,
    /// How often it was asked what is left.
    pub(crate) allowances: usize,
    pub(crate) max_input_tokens: u32,
    pub(crate) inputs: BTreeMap<&'static str, Result<Vec<u8>, String>>,
    pub(crate) house_rules: Option<String>,
    pub(crate) refuses: Option<&'static str>,
    pub(crate) unreadable: Option<&'static str>,
    files: BTreeMap<(String, String), Vec<u8>>,
}

impl Played {
    pub(crate) fn new(script: impl IntoIterator<Item = Gives>) -> Self {
        Self {
            script: script.into_iter().collect(),
            answers: VecDeque::new(),
            tasks: Vec::new(),
            questions: Vec::new(),
            artifacts: BTreeMap::new(),
            log: Vec::new(),
            progress: Vec::new(),
            left: CAP,
            late: 0,
            allowances: 0,
            max_input_tokens: 8_000,
            inputs: BTreeMap::new(),
            house_rules: None,
            refuses: None,
            unreadable: None,
            files: BTreeMap::new(),
        }
    }

    /// With what a person answers, one after the other.
    pub(crate) fn answered(mut self, answers: &[&str]) -> Self {
        self.answers = answers.iter().map(|answer| Ok((*answer).to_owned())).collect();
        self
    }

    /// The agents that were asked, in order.
    pub(crate) fn agents(&self) -> Vec<&str> {
        self.tasks.iter().map(|task| task.agent.as_str()).collect()
    }

    /// The payload of a task.
    pub(crate) fn payload(&self, task: usize) -> Value {
        serde_json::from_str(&self.tasks[task].payload).expect("JSON")
    }

    /// A file of the folder.
    pub(crate) fn text(&self, path: &str) -> &str {
        let (_, bytes) = self.artifacts.get(path).unwrap_or_else(|| panic!("there is no {path}"));
        std::str::from_utf8(bytes).expect("a text")
    }

    /// The paths of the folder.
    pub(crate) fn paths(&self) -> Vec<&str> {
        self.artifacts.keys().map(String::as_str).collect()
    }
}

impl Host for Played {
    fn have_done(&mut self, task: &Task) -> Result<Done, Failure> {
        let cap = task.max_cost_nanodollars.expect("every task has its cap");
        assert!(cap <= self.left, "{cap} is more than the {} that is left", self.left);
        assert!(task.extras.is_empty());
        self.tasks.push(task.clone());
        let gives = self.script.pop_front().unwrap_or_else(|| panic!("a task too many: {task:?}"));
        let cost = gives.cost.min(cap);
        self.left -= cost;
        let job_id = format!("job{}", self.tasks.len());
        let extra = |name: &str, value: Value| Extra { name: name.to_owned(), value: value.to_string() };
        match gives.outcome {
            Ok(result) => {
                let mut artifacts = Vec::new();
                for (name, bytes) in gives.files {
                    let media_type = "text/plain".to_owned();
                    artifacts.push(ArtifactRef { name: name.clone(), media_type, size: bytes.len() as u64 });
                    self.files.insert((job_id.clone(), name), bytes);
                }
                let agent = task.agent.clone();
                Ok(Done {
                    job_id,
                    agent,
                    result: result.to_string(),
                    artifacts,
                    cost_nanodollars: cost,
                    extras: Vec::new(),
                })
            }
            Err((kind, own)) if own.is_empty() => {
                Err(Failure { message: format!("because of {kind}"), kind, job_id: None, extras: Vec::new() })
            }
            Err((kind, own)) => Err(Failure {
                message: {
                    self.left -= std::mem::take(&mut self.late);
                    format!("job {job_id} {kind}: {own}")
                },
                kind,
                job_id: Some(job_id),
                extras: vec![extra("kind", own.into()), extra("cost_nanodollars", cost.into())],
            }),
        }
    }

    fn file_of(&mut self, job: &str, name: &str) -> Result<Vec<u8>, String> {
        if self.unreadable == Some(name) {
            return Err("it is gone".to_owned());
        }
        self.files.get(&(job.to_owned(), name.to_owned())).cloned().ok_or_else(|| "there is none".to_owned())
    }

    fn ask(&mut self, question: &Question) -> Result<Answer, AskError> {
        self.questions.push(question.clone());
        match self.answers.pop_front().expect("a question too many") {
            Ok(text) => Ok(Answer {
                value: json!(text).to_string(),
                who: Some("ann".to_owned()),
                at: "2026-11-29T20:00:00Z".to_owned(),
                extras: Vec::new(),
            }),
            Err(kind) => Err(AskError {
                kind: kind.to_owned(),
                message: format!("because of {kind}"),
                extras: Vec::new(),
            }),
        }
    }

    fn allowance(&mut self) -> Remaining {
        self.allowances += 1;
        Remaining {
            job_nanodollars: self.left,
            window_nanodollars: self.left,
            calls: 50,
            max_input_tokens: self.max_input_tokens,
            max_output_tokens: 2_000,
            pressure: 0.0,
            extras: Vec::new(),
        }
    }

    fn inputs(&mut self) -> Vec<InputRef> {
        let input = |name: &&str| InputRef {
            name: (*name).to_owned(),
            media_type: "text/plain".to_owned(),
            size: 1,
            digest: String::new(),
            extras: Vec::new(),
        };
        self.inputs.keys().map(input).collect()
    }

    fn input(&mut self, name: &str) -> Result<Vec<u8>, String> {
        self.inputs[name].clone()
    }

    fn setting(&mut self, key: &str) -> Option<String> {
        self.house_rules.clone().filter(|_| key == "house_rules")
    }

    fn progress(&mut self, fraction: f64, line: &str) {
        assert!(line.chars().count() <= 200, "{line}");
        self.progress.push(fraction);
    }

    fn log(&mut self, _: Level, line: &str) {
        self.log.push(line.to_owned());
    }

    fn hand_over(&mut self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), String> {
        if self.refuses == Some(name) || name.len() > 255 {
            return Err("the host refuses it".to_owned());
        }
        self.artifacts.insert(name.to_owned(), (media_type.to_owned(), bytes.to_vec()));
        Ok(())
    }
}

/// A task that is done, with files.
pub(crate) fn done(result: Value, files: &[(&str, &str)]) -> Gives {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    Gives { outcome: Ok(result), files, cost: COST }
}

/// A task that is not begun, for this reason.
pub(crate) fn refused(kind: &str) -> Gives {
    Gives { outcome: Err((kind.to_owned(), String::new())), files: Vec::new(), cost: 0 }
}

/// A task whose job ended without a result: the state's word, and the job's own.
pub(crate) fn ended(kind: &str, own: &str) -> Gives {
    Gives { outcome: Err((kind.to_owned(), own.to_owned())), files: Vec::new(), cost: COST }
}

impl Gives {
    /// With a file of bytes.
    pub(crate) fn file(mut self, name: &str, bytes: &[u8]) -> Self {
        self.files.push((name.to_owned(), bytes.to_vec()));
        self
    }
}

pub(crate) fn requirements() -> Gives {
    let result = json!({
        "summary": "A form that logs people in.",
        "requirements": [{"id": "R1", "kind": "functional", "statement": "It takes a name.", "priority": "must",
            "acceptance": ["An empty name is refused."]}],
        "assumptions": ["People have an account."],
        "open_questions": [{"question": "Which accounts?", "why": "They decide where names are looked up."}],
        "out_of_scope": ["Passwords."], "complete": true, "missing": [], "files": [], "calls": 1, "cost_usd": 0.01,
    });
    done(
        result,
        &[("requirements.json", "{}"), ("requirements.md", "# Requirements\n\nR1: it takes a name.\n")],
    )
}

pub(crate) fn design() -> Gives {
    let result = json!({
        "overview": "One page.",
        "components": [{"name": "form", "responsibility": "asks", "interfaces": ["submit()"], "depends_on": []}],
        "files": [{"path": "login.html", "purpose": "the form"}], "decisions": [], "risks": [],
        "coverage": [{"requirement": "R1", "components": ["form"]}],
        "complete": true, "missing": [], "artifacts": ["design.md"], "calls": 1, "cost_usd": 0.01,
    });
    done(result, &[("design.json", "{}"), ("design.md", "# Design\n\nOne page, `login.html`.\n")])
}

pub(crate) fn code() -> Gives {
    let result = json!({"summary": "Wrote 1 file.", "plan": [], "files": [], "skipped": [], "calls": 2, "cost_usd": 0.01});
    done(result, &[("login.html", "<form>\n")])
}

pub(crate) fn tests() -> Gives {
    let result = json!({
        "framework": "playwright", "plan": [], "files": [], "untested": [{"target": "R2", "why": "it needs a screen"}],
        "complete": true, "missing": [], "calls": 1, "cost_usd": 0.01,
    });
    done(result, &[("tests/login.test.js", "test()\n")])
}

pub(crate) fn docs() -> Gives {
    let result = json!({"pages": [], "complete": true, "missing": [], "calls": 1, "cost_usd": 0.01});
    done(result, &[("docs/README.md", "# Login\n"), ("docs/use.md", "# Use\n")])
}

/// A team that does all as it should.
pub(crate) fn team() -> [Gives; 5] {
    [requirements(), design(), code(), tests(), docs()]
}

/// A job of the agent's action.
pub(crate) fn job(payload: &Value) -> Job {
    Job { action: "deliver".to_owned(), payload: payload.to_string(), extras: Vec::new() }
}

/// Does a job that succeeds; its result is valid by the schema that the agent declares.
pub(crate) fn deliver(host: &mut Played, payload: &Value) -> Value {
    let outcome = feature_team::agent::run(host, &job(payload)).expect("the job succeeds");
    let value: Value = serde_json::from_str(&outcome.result).expect("JSON");
    let schema = feature_team::description::describe().actions[0].output_schema.clone();
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &value), "{value:#}");
    assert!(host.progress.is_sorted() && host.progress.last() == Some(&1.0), "{:?}", host.progress);
    let listed: Vec<&str> =
        value["files"].as_array().expect("files").iter().filter_map(|file| file["path"].as_str()).collect();
    let mut sorted = listed.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, host.paths(), "what is handed over is listed, once");
    assert_eq!(listed.last(), Some(&"DELIVERY.md"));
    value
}

/// A brief of a few words.
pub(crate) fn brief() -> Value {
    json!({"brief": "Build a login form"})
}

/// A brief that nobody is asked about.
pub(crate) fn unasked() -> Value {
    json!({"brief": "Build a login form", "approval": "skip"})
}

/// What is missing, as one text.
pub(crate) fn missing(result: &Value) -> String {
    let missing = result["missing"].as_array().expect("a list");
    missing.iter().flat_map(|line| [line.as_str().expect("a sentence"), "\n"]).collect()
}

/// Each step with what became of it.
pub(crate) fn steps(result: &Value) -> String {
    let steps = result["steps"].as_array().expect("a list").iter();
    let word = |step: &Value, key: &str| step[key].as_str().expect("a word").to_owned();
    steps.map(|step| format!("{} {}", word(step, "step"), word(step, "state"))).collect::<Vec<_>>().join(", ")
}
