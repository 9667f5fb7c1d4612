//! What an address and its headers may say beside a path: the words and the forms of the API's parameters.

use anvil_api::By;
use anvil_types::{Priority, UpstreamKind};
use serde_json::{Value, json};

/// A parameter of a query as OpenAPI describes it.
pub(crate) fn of_query(name: &str) -> Value {
    let text = json!({ "type": "string" });
    let one_of = |names: &[&str]| json!({ "type": "string", "enum": names });
    let (schema, description) = match name {
        "limit" => (json!({ "type": "integer", "minimum": 1 }), "The most entries of a page."),
        "after" => (
            text,
            "Where the page begins: `next` of the page before; in a log or stream, the last number seen.",
        ),
        "state" => (text, "Only those in this state; several are separated by commas where a list has them."),
        "agent" => (text, "Only those of this agent."),
        "tag" => (text, "Only those with this tag."),
        "priority" => (one_of(&Priority::ALL.map(Priority::name)), "Only those of this priority."),
        "q" => (text, "Words that occur in payload, result or error."),
        "upstream" => (one_of(&UpstreamKind::ALL.map(UpstreamKind::name)), "Only those of this upstream."),
        "roots" => (json!({ "type": "boolean" }), "Only jobs that no other job leads."),
        "dry_run" => (json!({ "type": "boolean" }), "Only say what would be; nothing is changed."),
        "files" => (json!({ "type": "boolean" }), "With the jobs' files."),
        "from" => (text, "From this time or day on."),
        "to" => (text, "Until this time, or the end of this day."),
        "by" => (
            one_of(&[&By::ALL.map(|(_, name)| name)[..], &["reason"]].concat()),
            "What the sums are of; misses of the prompt cache are told by agent or reason alone.",
        ),
        "format" => (one_of(&["json", "csv"]), "What the answer is written in."),
        "job" => (text, "Only what is of this job."),
        "model" => (text, "Only the calls of this model."),
        "key" => (text, "Only the calls of this API key; of an agent's state the key that is meant."),
        "prefix" => (text, "Only keys that begin so."),
        "min_usd" => (json!({ "type": "number", "minimum": 0 }), "Only calls that cost as much, in dollars."),
        "alert" => (text, "Only deliveries of this alert."),
        "webhook" => (text, "Only deliveries to this webhook."),
        _ => (text, ""),
    };
    json!({ "name": name, "in": "query", "required": false, "schema": schema, "description": description })
}

/// A header as OpenAPI describes it.
pub(crate) fn of_header(name: &str) -> Value {
    let description = match name {
        "Idempotency-Key" => "The same key again answers with the job that it made the first time.",
        "Last-Event-ID" => "The last event that was seen; the stream goes on behind it.",
        _ => "",
    };
    json!({
        "name": name, "in": "header", "required": false, "schema": { "type": "string" }, "description": description,
    })
}
