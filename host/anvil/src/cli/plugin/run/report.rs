//! How a run ended, and what it took.

use super::told;
use crate::failure::{Exit, Failure};
use crate::show::{clean, clean_lines, pretty_text, print, print_json, size};
use anvil_runner::TrialEnd;
use anvil_sandbox::{AttemptEnd, InputSchema, Plugin};
use anvil_settings::Settings;
use anvil_types::{ActionInfo, ArtifactName, JobError, Json, ShownMicros};
use serde_json::{Value, json};
use std::fmt::Write as _;

const MIB: u64 = 1024 * 1024;

/// How a run ended.
pub(super) struct Report {
    agent: String,
    ending: Ending,
    /// Lines under it: a name and what stands there.
    facts: Vec<(&'static str, String)>,
    json: Value,
}

enum Ending {
    /// With this result, which matches its schema or misses it so.
    Result(Json, Option<String>),
    /// The agent says that it failed.
    Failed(JobError),
    /// A limit or a trap.
    Broke(JobError),
    /// It was stopped, or would have waited, for this.
    Stopped(String),
}

impl Ending {
    fn of(end: &TrialEnd, action: &ActionInfo) -> Self {
        match &end.end {
            AttemptEnd::Succeeded { result, .. } => {
                let checked = InputSchema::new(action.output_schema.clone()).check(result);
                Self::Result(result.clone(), checked.err().map(|fault| told(&fault)))
            }
            AttemptEnd::Failed(error) => Self::Failed(error.clone()),
            AttemptEnd::Broke(error) => Self::Broke(error.clone()),
            AttemptEnd::Stopped(stop) => Self::Stopped(end.waits.clone().unwrap_or_else(|| stop.to_string())),
        }
    }
}

impl Report {
    pub(super) fn of(
        plugin: &Plugin,
        action: &ActionInfo,
        settings: &Settings,
        end: &TrialEnd,
        files: &[(ArtifactName, u64)],
        written: bool,
    ) -> Self {
        let (info, used, job) = (&plugin.info, &end.used, &end.job);
        let memory = u64::from(settings.sandbox.memory_mb) * MIB;
        let mut facts = vec![
            ("calls", job.calls.to_string()),
            ("would cost", format!("{} of {} (the simulator: nobody pays it)", job.cost, job.max_cost)),
            ("memory", format!("{} at its peak, of {}", size(used.memory_bytes), size(memory))),
            ("processor", format!("{}, of {} s", ShownMicros(used.cpu_us), settings.jobs.cpu_s)),
            (
                "wall",
                format!("{}, and {} of waiting", ShownMicros(used.wall_us), ShownMicros(used.waited_us)),
            ),
            ("crossed", format!("{} in, {} out", size(end.bytes_in), size(end.bytes_out))),
        ];
        if let Some(fuel) = end.fuel {
            // The engine knows no more of one that was stopped within a loop than what it had burnt before that.
            let own_end = matches!(end.end, AttemptEnd::Succeeded { .. } | AttemptEnd::Failed(_));
            let known = if own_end { "about" } else { "at least" };
            facts.push(("instructions", format!("{known} {fuel} (units of fuel)")));
        }
        if !files.is_empty() {
            let names: Vec<_> = files
                .iter()
                .map(|(name, bytes)| format!("{} ({})", clean(name.as_str()), size(*bytes)))
                .collect();
            let hint = if written { "" } else { "; --out DIR writes them" };
            facts.push(("files", format!("{}{hint}", names.join(", "))));
        }
        let ending = Ending::of(end, action);
        let (name, result, misses, error) = match &ending {
            Ending::Result(result, misses) => ("succeeded", Some(result), misses.clone(), None),
            Ending::Failed(error) => ("failed", None, None, Some(json!(error))),
            Ending::Broke(error) => ("broke", None, None, Some(json!(error))),
            Ending::Stopped(why) => {
                ("stopped", None, None, Some(json!({ "kind": "stopped", "message": why })))
            }
        };
        let json = json!({
            "agent": info.name,
            "version": info.version,
            "action": action.name,
            "ending": name,
            "result": result,
            "result_misses": misses,
            "error": error,
            "calls": job.calls,
            "would_cost_usd": job.cost,
            "memory_bytes": used.memory_bytes,
            "processor_us": used.cpu_us,
            "wall_us": used.wall_us,
            "waited_us": used.waited_us,
            "bytes_in": end.bytes_in,
            "bytes_out": end.bytes_out,
            "fuel": end.fuel,
            "files": files.iter().map(|(name, size)| json!({ "name": name, "size": size })).collect::<Vec<_>>(),
        });
        Self { agent: format!("{} {}", clean(&info.name), clean(&info.version)), ending, facts, json }
    }

    /// Shows it; with the steps, as JSON.
    pub(super) fn show(&self, steps: Option<Vec<Value>>) -> Result<(), Failure> {
        match steps {
            Some(steps) => {
                let mut json = self.json.clone();
                json["steps"] = steps.into();
                print_json(&json)
            }
            None => print(&self.text()),
        }
    }

    fn text(&self) -> String {
        let agent = &self.agent;
        let mut out = match &self.ending {
            Ending::Result(result, None) => {
                format!(
                    "\n{agent} succeeded; the result matches the output schema:\n{}\n",
                    pretty_text(result)
                )
            }
            Ending::Result(result, Some(misses)) => format!(
                "\n{agent} succeeded, but the result does not match the output schema ({}):\n{}\n",
                clean_lines(misses),
                pretty_text(result)
            ),
            Ending::Failed(error) => format!("\n{agent} failed: {}\n", shown(error)),
            Ending::Broke(error) => format!("\n{agent} broke: {}\n", shown(error)),
            Ending::Stopped(why) => format!("\n{agent} was stopped: {}\n", clean_lines(why)),
        };
        for (name, value) in &self.facts {
            let _ = writeln!(out, "  {name:<14}{value}");
        }
        out
    }

    pub(super) fn exit(&self) -> Exit {
        match self.ending {
            Ending::Result(_, None) => Exit::Done,
            _ => Exit::JobFailed,
        }
    }
}

fn shown(error: &JobError) -> String {
    format!("{}: {}", clean(&error.kind), clean_lines(&error.message))
}
