//! The endpoints of `/v1/messages/batches`.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response};
use serde_json::{Value, json};

use super::fault::{SimBatchDoor, SimBatchFailure, SimBatchFault};
use super::shelf::{Shelved, lock};
use super::work::catch_up;
use super::{intake, pages, results};
use crate::fault::{Fault, of_status};
use crate::refusal::Refusal;
use crate::state::Shared;
use crate::validate::Purpose;
use crate::wire::{Body, Broken, NO_CALL, Reply, check, error, json_reply, strictness};

/// Answers a request to `/v1/messages/batches`, behind which stands `rest`.
pub(crate) async fn batches(shared: &Arc<Shared>, rest: &str, request: Request<Incoming>) -> Reply {
    let (parts, body) = request.into_parts();
    let path: Vec<&str> = rest.split('/').collect();
    let (id, door) = match (&parts.method, path.as_slice()) {
        (&Method::POST, [""]) => return create(shared, &parts, body).await,
        (&Method::GET, [""]) => ("", SimBatchDoor::List),
        (&Method::GET, ["", id]) => (*id, SimBatchDoor::Get),
        (&Method::GET, ["", id, "results"]) => (*id, SimBatchDoor::Results),
        (&Method::POST, ["", id, "cancel"]) => (*id, SimBatchDoor::Cancel),
        (&Method::DELETE, ["", id]) => (*id, SimBatchDoor::Delete),
        (_, [""] | ["", _] | ["", _, "results" | "cancel"]) => {
            return Ok(refuse(&Refusal::new(405, "invalid_request_error", "Method Not Allowed")));
        }
        _ => return Ok(refuse(&of_status(404))),
    };
    if let Err(refusal) = check(shared, &parts.headers) {
        return Ok(refuse(&refusal));
    }
    if door == SimBatchDoor::List {
        return list(shared, &parts).await;
    }
    let Some(batch) = shared.shelf().find(id) else {
        return Ok(refuse(&Refusal::new(404, "not_found_error", format!("Message Batch {id} not found."))));
    };
    catch_up(shared, &batch).await;
    let fault = shared.batch_fault(door, |text| is_named(&batch, text));
    let (before, after) = around(fault.as_ref());
    if let Some(failed) = fail(shared, before).await {
        return failed;
    }
    let reply = match door {
        SimBatchDoor::Results => results::stream(shared, &batch, fault.as_ref()),
        SimBatchDoor::Cancel => cancel(shared, &parts, &batch),
        SimBatchDoor::Delete => delete(shared, &batch),
        _ => Ok(get(shared, &parts, &batch, fault.as_ref())),
    };
    let reply = reply.unwrap_or_else(|refusal| refuse(&refusal));
    fail(shared, after).await.unwrap_or(Ok(reply))
}

/// The fault that comes in place of what was asked for, and the one that comes after it was done.
fn around(fault: Option<&SimBatchFault>) -> (Option<&Fault>, Option<&Fault>) {
    match fault {
        Some(fault) if fault.kept => (None, fault.usual()),
        Some(fault) => (fault.usual(), None),
        None => (None, None),
    }
}

/// Whether a fault's text is of this batch: of its id, or of one of its items'.
fn is_named(batch: &Shelved, text: &str) -> bool {
    let batch = lock(batch);
    batch.id.contains(text) || batch.custom_ids().any(|id| id.contains(text))
}

/// The answer that a fault makes of it; none where it only takes longer.
async fn fail(shared: &Shared, fault: Option<&Fault>) -> Option<Reply> {
    match fault? {
        Fault::Hang { ms } => {
            shared.clock.sleep(Duration::from_millis(*ms)).await;
            None
        }
        Fault::Close { .. } => Some(Err(Broken)),
        fault => Some(Ok(refuse(&fault.refusal()?))),
    }
}

async fn create(shared: &Arc<Shared>, parts: &Parts, body: Incoming) -> Reply {
    let checked = check(shared, &parts.headers);
    let taken = intake::take_in(body).await;
    let intake = match checked.and(taken) {
        Ok(intake) => intake,
        Err(refusal) => return Ok(refuse(&refusal)),
    };
    let fault = shared.batch_fault(SimBatchDoor::Create, |text| {
        intake.items.iter().any(|item| item.custom_id.contains(text))
    });
    let (before, after) = around(fault.as_ref());
    if let Some(failed) = fail(shared, before).await {
        return failed;
    }
    let strict = strictness(Purpose::BatchItem, &parts.headers, parts.uri.query());
    let stuck = fault.as_ref().is_some_and(|fault| fault.failure == SimBatchFailure::Stuck);
    let added = shared.shelf().add(intake, strict, shared.clock.now_ms(), stuck);
    let batch = match added {
        Ok(batch) => batch,
        Err(refusal) => return Ok(refuse(&refusal)),
    };
    shared.batch_news.notify_one();
    if fault.as_ref().is_some_and(|fault| fault.failure == SimBatchFailure::Drip) {
        return Ok(results::dripping(shared));
    }
    let shown = show(shared, parts, &batch);
    fail(shared, after).await.unwrap_or(Ok(answer(&shown)))
}

async fn list(shared: &Arc<Shared>, parts: &Parts) -> Reply {
    let fault = shared.batch_fault(SimBatchDoor::List, |_| false);
    if let Some(failed) = fail(shared, around(fault.as_ref()).0).await {
        return failed;
    }
    let all: Vec<Shelved> = shared.shelf().newest_first().collect();
    for batch in &all {
        catch_up(shared, batch).await;
    }
    let shown: Vec<Value> = all.iter().map(|batch| show(shared, parts, batch)).collect();
    let page = pages::page(&shown, parts.uri.query());
    Ok(page.map_or_else(|refusal| refuse(&refusal), |page| answer(&page)))
}

fn get(shared: &Shared, parts: &Parts, batch: &Shelved, fault: Option<&SimBatchFault>) -> Response<Body> {
    let mut shown = show(shared, parts, batch);
    if fault.is_some_and(|fault| fault.failure == SimBatchFailure::Counts) {
        let processing = &mut shown["request_counts"]["processing"];
        *processing = json!(processing.as_u64().unwrap_or(0) + 1);
    }
    answer(&shown)
}

fn cancel(shared: &Shared, parts: &Parts, batch: &Shelved) -> Result<Response<Body>, Refusal> {
    let settings = shared.shelf().settings().clone();
    {
        let mut batch = lock(batch);
        if batch.ended() {
            return Err(Refusal::invalid(format!("Message Batch {} has already ended.", batch.id)));
        }
        batch.cancel(&settings, shared.clock.now_ms());
    }
    shared.batch_news.notify_one();
    Ok(answer(&show(shared, parts, batch)))
}

fn delete(shared: &Shared, batch: &Shelved) -> Result<Response<Body>, Refusal> {
    let (number, id) = {
        let batch = lock(batch);
        if !batch.ended() {
            return Err(Refusal::invalid(
                "In progress batches cannot be deleted. Consider canceling the batch instead.",
            ));
        }
        (batch.number, batch.id.clone())
    };
    shared.shelf().remove(number);
    Ok(answer(&json!({"id": id, "type": "message_batch_deleted"})))
}

fn show(shared: &Shared, parts: &Parts, batch: &Shelved) -> Value {
    lock(batch).to_api(shared.clock.now_ms(), &base_url(&parts.headers))
}

/// The address as the client knows it.
fn base_url(headers: &HeaderMap) -> String {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}

fn answer(value: &Value) -> Response<Body> {
    let mut response = json_reply(200, value);
    response.headers_mut().insert("request-id", HeaderValue::from_static(NO_CALL));
    response
}

fn refuse(refusal: &Refusal) -> Response<Body> {
    error(refusal, NO_CALL, Vec::new())
}
