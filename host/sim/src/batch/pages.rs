//! A page of the list of batches.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::wire::query;

/// Batches on a page, unless `limit` says otherwise.
const PAGE: usize = 20;
/// The most that `limit` may say.
const MOST: usize = 1_000;

/// The page that a query asks for, of all batches as they are shown, the newest first. `after_id` is the last of the page
/// before, `before_id` the first of the page behind.
pub(super) fn page(all: &[Value], query_text: Option<&str>) -> Result<Value, Refusal> {
    let limit = match query(query_text, "limit").map(str::parse) {
        None => PAGE,
        Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
        Some(_) => return Err(Refusal::invalid(format!("limit: Input should be from 1 to {MOST}"))),
    };
    let place = |name: &str| match query(query_text, name) {
        None => Ok(None),
        Some(id) => match all.iter().position(|batch| batch["id"] == id) {
            Some(at) => Ok(Some(at)),
            None => Err(Refusal::invalid(format!("{name}: there is no Message Batch {id}"))),
        },
    };
    let (begin, end, has_more) = match (place("before_id")?, place("after_id")?) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid("before_id, after_id: only one of them may be given"));
        }
        (Some(before), None) => (before.saturating_sub(limit), before, before > limit),
        (None, after) => {
            let begin = after.map_or(0, |at| at + 1);
            let end = all.len().min(begin + limit);
            (begin, end, end < all.len())
        }
    };
    let data = &all[begin..end];
    let id = |batch: Option<&Value>| batch.map_or(Value::Null, |batch| batch["id"].clone());
    Ok(json!({
        "first_id": id(data.first()),
        "last_id": id(data.last()),
        "has_more": has_more,
        "data": data,
    }))
}
