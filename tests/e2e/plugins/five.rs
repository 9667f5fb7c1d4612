//! The five agents that do the work, against every answer that Claude may give at each step: good, malformed, refused, cut
//! short. What they give is what their schemas say, and never more than there is.

use crate::harness::{Host, Upstream, nanos};
use crate::jobs::whole_team::{answers, file, setup};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);
/// The name that stands in the answers.
const NAME: &str = "tree-00";

/// An agent, what it is asked to do, and its steps: places among the answers, in the order in which it asks.
struct Job {
    agent: &'static str,
    action: &'static str,
    payload: Value,
    steps: Vec<usize>,
}

fn jobs() -> [Job; 5] {
    let given = |path: &str| json!({"path": path, "content": file(NAME, path)});
    let (code, tests) = (given("code/src/login.js"), given("tests/login.test.mjs"));
    let requirements = file(NAME, "requirements.md");
    let job = |agent, action, payload, steps: &[usize]| Job { agent, action, payload, steps: steps.to_vec() };
    [
        job(
            "requirements-analyzer",
            "analyze",
            json!({"brief": format!("{NAME}: a login form")}),
            &[0, 1, 2],
        ),
        job("design-architect", "design", json!({"requirements": requirements}), &[8, 4, 5, 3, 6]),
        job("code-generator", "generate", json!({"requirements": requirements}), &[9, 10]),
        job("test-automator", "generate-tests", json!({"files": [code]}), &[11, 12]),
        job(
            "documentation-generator",
            "generate-docs",
            json!({"requirements": requirements, "design": file(NAME, "design.md"), "files": [code, tests]}),
            &[13, 14, 15],
        ),
    ]
}

/// The five, and how their results are to look.
struct Five {
    upstream: Upstream,
    host: Host,
    schemas: BTreeMap<String, jsonschema::Validator>,
}

/// How a job ended: its error's kind, or its result; its files, and how many calls upstream had of it.
struct Ended {
    job: Value,
    files: BTreeMap<String, Vec<u8>>,
    requests: u64,
}

impl Five {
    async fn start() -> Self {
        let upstream = Upstream::start().await;
        // The same job comes again and again, and each time its calls are counted.
        let host = setup(&upstream)
            .set("ANVIL_JOBS_MAX_ATTEMPTS", 1)
            .set("ANVIL_SAVING_REPLY_CACHE", false)
            .start()
            .await;
        let agents = host.rest().get("/api/v1/agents").await;
        let schemas = agents["items"].as_array().expect("agents").iter().map(|agent| {
            let schema = &agent["actions"][0]["output_schema"];
            let validator =
                jsonschema::validator_for(schema).unwrap_or_else(|error| panic!("{agent}: {error}"));
            (agent["name"].as_str().expect("a name").to_owned(), validator)
        });
        let schemas = schemas.collect();
        Self { upstream, host, schemas }
    }

    /// Does a job; the answers of one of its steps are these.
    async fn does(&self, job: &Job, step: Option<(usize, Value)>) -> Ended {
        let answers = answers(NAME);
        let mut matches = Vec::new();
        if let Some((step, items)) = step {
            matches.push(json!({"contains": answers[step].0, "items": items}));
        }
        matches.extend(answers.map(
            |(contains, text)| json!({"contains": contains, "items": [{"text": text}], "repeat": true}),
        ));
        self.upstream.script(&json!({"matches": matches})).await;
        let before = self.upstream.bill().await;
        let id = self.host.rest().submit(job.agent, job.action, job.payload.clone()).await;
        let ended = self.host.rest().ended(&id, PATIENCE).await;
        let after = self.upstream.bill().await;
        assert_eq!(nanos(&ended["cost_usd"]), after.nano_dollars - before.nano_dollars, "{ended:#}");
        let files = self.host.rest().artifacts(&id).await;
        if ended["state"] == "succeeded" {
            let result = &ended["result"];
            let faults: Vec<String> =
                self.schemas[job.agent].iter_errors(result).map(|error| format!("{error}")).collect();
            assert!(faults.is_empty(), "{}: {faults:?} in {result:#}", job.agent);
            assert_eq!(result["calls"], after.requests - before.requests, "{ended:#}");
            assert_eq!(result["cost_usd"], ended["cost_usd"], "{ended:#}");
        }
        Ended { job: ended, files, requests: after.requests - before.requests }
    }

    async fn log(&self, job: &Value) -> String {
        let id = job["id"].as_str().expect("an id");
        let lines = self.host.rest().all(&format!("/api/v1/jobs/{id}/log?limit=500")).await;
        let lines: Vec<_> = lines.iter().filter_map(|line| line["line"].as_str()).collect();
        lines.join("\n")
    }
}

/// What is not there by its own words.
fn missing(result: &Value) -> usize {
    let lists = ["missing", "skipped"].map(|name| result[name].as_array().map_or(0, Vec::len));
    lists.iter().sum()
}

/// A plan that code is written by is worth a call and no repair: without it code is written by the requirements.
const PLAN_OF_CODE: usize = 9;

#[tokio::test]
async fn good_answers_are_done_with_in_one_call_each_and_nothing_is_missing() {
    let five = Five::start().await;
    for job in jobs() {
        let Ended { job: ended, files, requests } = five.does(&job, None).await;
        assert_eq!(ended["state"], "succeeded", "{ended:#}");
        assert_eq!((requests, missing(&ended["result"])), (job.steps.len() as u64, 0), "{ended:#}");
        assert!(!files.is_empty());
    }
}

#[tokio::test]
async fn a_malformed_answer_leads_to_one_repair_and_a_second_one_to_a_failure_by_name() {
    let five = Five::start().await;
    let malformed = json!({"text": "Certainly! Here it is: {"});
    let mut wrong = Vec::new();
    for job in jobs() {
        let good = five.does(&job, None).await;
        for (place, step) in job.steps.iter().enumerate().filter(|(_, step)| **step != PLAN_OF_CODE) {
            let mended = five.does(&job, Some((*step, json!([malformed])))).await;
            let repairs = five.log(&mended.job).await.matches("repair: ").count();
            // Of the malformed answer nothing is to be seen.
            if mended.files != good.files || (mended.requests, repairs) != (good.requests + 1, 1) {
                wrong.push(format!("{}: {} once: {:#}", job.agent, answers(NAME)[*step].0, mended.job));
            }
            let bad = five.does(&job, Some((*step, json!([malformed, malformed])))).await;
            let kind = &bad.job["error"]["kind"];
            // One repair, and no call behind it.
            if (kind, bad.requests, bad.files.len()) != (&json!("bad-reply"), place as u64 + 2, 0) {
                wrong.push(format!("{}: {} twice: {:#}", job.agent, answers(NAME)[*step].0, bad.job));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_is_refused_or_stays_cut_is_never_given_for_whole() {
    let five = Five::start().await;
    let refused = json!({"text": "", "stop_reason": "refusal", "repeat": 99});
    let mut wrong = Vec::new();
    for job in jobs() {
        let good = five.does(&job, None).await;
        for (place, step) in job.steps.iter().enumerate().filter(|(_, step)| **step != PLAN_OF_CODE) {
            let (contains, whole) = &answers(NAME)[*step];
            let half = whole.floor_char_boundary(whole.len() / 2);
            let cut = json!({"text": &whole[..half], "stop_reason": "max_tokens", "repeat": 99});
            for (how, answer) in [("refused", &refused), ("cut", &cut)] {
                let Ended { job: ended, files, .. } = five.does(&job, Some((*step, json!([answer])))).await;
                let named = match ended["state"].as_str() {
                    // It says what is missing, and no code is other than it was to be.
                    Some("succeeded") => {
                        let code = |name: &str| {
                            std::path::Path::new(name).extension().is_none_or(|end| end != "md")
                                && !name.ends_with("requirements.json")
                                && !name.ends_with("design.json")
                        };
                        let as_scripted = |(name, bytes): (&String, &Vec<u8>)| {
                            !code(name) || good.files.get(name) == Some(bytes)
                        };
                        missing(&ended["result"]) > 0 && files.iter().all(as_scripted)
                    }
                    // Without what everything hangs on there is nothing.
                    Some("failed") => {
                        ended["error"]["kind"] == "final"
                            && files.is_empty()
                            && (place == 0 || job.agent == "code-generator")
                    }
                    _ => false,
                };
                println!(
                    "{} {contains} {how}: {} {} {}",
                    job.agent, ended["state"], ended["error"], ended["result"]["missing"]
                );
                if !named {
                    wrong.push(format!("{}: {contains} {how}: {ended:#}", job.agent));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
