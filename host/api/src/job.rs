//! Jobs: lists, one, submitting, changing.

use crate::JobMisses;
use crate::beside::two;
use crate::request::{given, given_json};
use anvil_types::{Attempt, Branch, InputInfo, Job, JobId, Nanodollars, Priority, Relative, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A page of jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobList {
    /// The jobs, the newest first; without payload and result where those are long.
    pub items: Vec<Job>,
    /// What to send as `after` to get the next page; null on the last.
    pub next: Option<JobId>,
    /// Of a search alone: how many changes of jobs cannot be found yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<u64>,
}

/// A job with its attempts.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct JobDetail {
    /// The job.
    #[serde(flatten)]
    pub job: Job,
    /// `attempts` is their count already.
    pub attempt_history: Vec<Attempt>,
    /// The jobs that come after it, the oldest first, at most 200.
    pub followed_by: Vec<Relative>,
    /// The jobs of the tree that it stands in, the root first, each before those that it leads, with the money of its
    /// branch; empty where it leads none and is led by none.
    pub tree: Vec<Branch>,
    /// What it cost with all below it, settled and unknown.
    #[serde(rename = "tree_cost_usd")]
    pub tree_cost: Nanodollars,
    /// What the prompt cache saved its calls; less than nothing where what was written was not made up for.
    #[serde(rename = "saved_usd")]
    pub saved: Nanodollars,
    /// Which of its calls missed the prompt cache, by reason, the dearest first; each call tells its own.
    pub misses: Vec<JobMisses>,
    /// How many of its calls the cache of replies answered.
    pub hits: u64,
    /// What the same tokens would have cost those.
    #[serde(rename = "reply_saved_usd")]
    pub reply_saved: Nanodollars,
    /// How many of its calls were answered in batches.
    pub batched: u64,
    /// What the same tokens would have cost those by themselves, less what they cost.
    #[serde(rename = "batch_saved_usd")]
    pub batch_saved: Nanodollars,
}

impl<'de> Deserialize<'de> for JobDetail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Beside {
            attempt_history: Vec<Attempt>,
            followed_by: Vec<Relative>,
            #[serde(default)]
            tree: Vec<Branch>,
            #[serde(rename = "tree_cost_usd", default)]
            tree_cost: Nanodollars,
            #[serde(rename = "saved_usd", default)]
            saved: Nanodollars,
            #[serde(default)]
            misses: Vec<JobMisses>,
            #[serde(default)]
            hits: u64,
            #[serde(rename = "reply_saved_usd", default)]
            reply_saved: Nanodollars,
            #[serde(default)]
            batched: u64,
            #[serde(rename = "batch_saved_usd", default)]
            batch_saved: Nanodollars,
        }
        let (job, beside): (_, Beside) = two(deserializer)?;
        Ok(Self {
            job,
            attempt_history: beside.attempt_history,
            followed_by: beside.followed_by,
            tree: beside.tree,
            tree_cost: beside.tree_cost,
            saved: beside.saved,
            misses: beside.misses,
            hits: beside.hits,
            reply_saved: beside.reply_saved,
            batched: beside.batched,
            batch_saved: beside.batch_saved,
        })
    }
}

/// `POST /jobs`: a job as a client asks for it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct SubmitRequest {
    /// The agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Another name of `agent`; one of them has to be given.
    #[serde(rename = "agentType", default, skip_serializing_if = "Option::is_none")]
    pub agent_type: Option<String>,
    /// What it is to do.
    pub action: String,
    /// The payload; an empty object where absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given_json")]
    #[schema(value_type = anvil_types::Json, required = false)]
    pub payload: Option<Box<RawValue>>,
    /// Its priority; `normal` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Not before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<Timestamp>,
    /// A second submission with the same key and content gives the first job. The `Idempotency-Key` header is
    /// the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The most that it may spend; the limit `job_usd` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<Nanodollars>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether its calls go out in batches, at half price and with time; as its agent's setting says where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub economy: Option<bool>,
    /// The jobs that it comes after; it gets their results and files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<JobId>,
    /// A job whose files come along; one that is sent takes the place of theirs of its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_of: Option<JobId>,
}

/// `PATCH /jobs/{id}`: what changes of a job that waits. What is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct EditRequest {
    /// Its priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Not before this time; null is now.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(value_type = Option<Timestamp>)]
    pub run_at: Option<Option<Timestamp>>,
    /// Its tags, in place of the old ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The most that it may spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<Nanodollars>,
    /// The payload; null is a payload.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given_json")]
    #[schema(value_type = anvil_types::Json, required = false)]
    pub payload: Option<Box<RawValue>>,
}

/// What a duplicate has of an old job.
#[derive(Clone, Debug, Deserialize)]
pub struct JobCopy {
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// The payload, as it came.
    pub payload: Box<RawValue>,
    /// Its priority.
    pub priority: Priority,
    /// The most that it may spend.
    pub max_cost_usd: Nanodollars,
    /// Tags.
    pub tags: Vec<String>,
    /// Whether its calls go out in batches.
    #[serde(default)]
    pub economy: Option<bool>,
    /// The jobs that it comes after.
    pub after: Vec<JobId>,
    /// The files that it came with.
    #[serde(default)]
    pub inputs: Vec<InputInfo>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_read_with_what_stands_beside_it_and_its_payload_stays_as_it_came() {
        let text = r#"{"id":"01JD9Z6W3NQ8Y5R2K7M4T1X0VB","agent":"a","action":"b","payload":{"n":12345678901234567890123,
            "f":1.50},"state":"failed","priority":"high","attempts":1,"max_attempts":3,"cost_usd":0.5,"unknown_usd":0,
            "held_usd":0,"max_cost_usd":1,"calls":2,"waiting_for":null,"result":null,"error":null,"progress":null,
            "progress_line":null,"tags":[],"after":[],"schedule":null,"upstream":"simulated","plugin_digest":null,
            "created_at":"2026-11-23T10:00:00Z","run_at":null,"started_at":null,"finished_at":null,
            "attempt_history":[{"number":1,"started_at":"2026-11-23T10:00:00Z","ended_at":null,"error":null}],
            "followed_by":[],"dreams":[1]}"#;
        let detail: JobDetail = serde_json::from_str(text).expect("it can be read");
        assert_eq!(detail.attempt_history.len(), 1);
        let again = serde_json::to_string(&detail).expect("JSON");
        assert!(again.contains("12345678901234567890123") && again.contains("1.50"), "{again}");
        assert!(!again.contains("dreams"));
    }

    #[test]
    fn null_is_a_value_where_it_is_one() {
        let read = |text: &str| serde_json::from_str::<EditRequest>(text).expect("a change");
        let now = read(r#"{"run_at":null,"payload":null}"#);
        assert_eq!(now.run_at, Some(None));
        assert_eq!(serde_json::to_string(&now).expect("JSON"), r#"{"run_at":null,"payload":null}"#);
        assert_eq!(serde_json::to_string(&read("{}")).expect("JSON"), "{}");
    }
}
