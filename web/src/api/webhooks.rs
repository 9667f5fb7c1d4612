//! Webhooks, and the log of what was sent to them.

use super::{Object, Query};
use crate::guard::name_of;
use crate::nearest::nearest;
use crate::permission::Caller;
use crate::permission::Permission::{Admin, Operate, Read};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::{List, Sent, WebhookRequest, WebhookView};
use anvil_control::WebhookChange;
use anvil_store::{DeliveryFilter, StoreError};
use anvil_types::DeliveryId;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::{Extension, Json};

/// What deliveries are asked by.
pub(super) const DELIVERIES_QUERY: [&str; 5] = ["alert", "webhook", "state", "after", "limit"];

pub(super) fn routes(routes: Routes) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    routes
        .route(Read, get.clone(), "/api/v1/webhooks", "Where alerts are sent", list)
        .gives::<List<WebhookView>>()
        .route(Admin, Method::PUT, "/api/v1/webhooks/{name}", "Make or change a webhook", put)
        .takes::<WebhookRequest>()
        .gives::<WebhookView>()
        .route(Admin, Method::DELETE, "/api/v1/webhooks/{name}", "Delete a webhook", delete)
        .route(Operate, post.clone(), "/api/v1/webhooks/{name}/test", "Send a test to it", test)
        .gives::<Sent>()
        .route(Read, get, "/api/v1/deliveries", "What was sent, the newest first", deliveries)
        .query(&DELIVERIES_QUERY)
        .gives::<List<Sent, DeliveryId>>()
        .route(Operate, post, "/api/v1/deliveries/{id}/resend", "Send it once more", resend)
        .gives::<Sent>()
}

async fn list(State(state): State<WebState>) -> Result<Json<List<WebhookView>>, Problem> {
    Ok(Json(List::whole(state.control.webhooks.all().await?)))
}

async fn put(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Path(name): Path<String>,
    mut body: Object,
) -> Result<Json<WebhookView>, Problem> {
    let flag = "true or false";
    let change = WebhookChange {
        url: body.field("url", "an address, as in https://ops.example/hook"),
        format: body.field("format", "standard or slack"),
        secret: body.field("secret", "`whsec_` and base64, or left out"),
        rotate_secret: body.field("rotate_secret", flag).unwrap_or(false),
        allow_private: body.field("allow_private", flag),
        enabled: body.field("enabled", flag),
    };
    body.finish()?;
    Ok(Json(state.control.webhooks.put(&name, change, name_of(caller.map(|c| c.0))).await?))
}

async fn delete(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    if state.control.webhooks.delete(&name, name_of(caller.map(|c| c.0))).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing(&state, &name).await)
    }
}

async fn test(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    match state.control.webhooks.test(&name, name_of(caller.map(|c| c.0))).await {
        Ok(delivery) => Ok((StatusCode::ACCEPTED, Json(delivery.into()))),
        Err(StoreError::NoSuchWebhook(name)) => Err(missing(&state, &name).await),
        Err(error) => Err(error.into()),
    }
}

async fn deliveries(
    State(state): State<WebState>,
    query: Query,
) -> Result<Json<List<Sent, DeliveryId>>, Problem> {
    let query = query.only(&DELIVERIES_QUERY)?;
    let limit = query.limit(50, 500)?;
    let filter = DeliveryFilter {
        alert: query.value("alert")?,
        webhook: query.text("webhook").map(str::to_owned),
        state: query.value("state")?,
        after: query.value("after")?,
        limit,
    };
    let items = state.control.webhooks.deliveries(filter).await?;
    let next = items.last().filter(|_| items.len() >= limit as usize).map(|delivery| delivery.id);
    Ok(Json(List { items: items.into_iter().map(Sent::from).collect(), next }))
}

async fn resend(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Path(text): Path<String>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    let id = delivery_id(&text)?;
    let delivery = state.control.webhooks.redeliver(id, name_of(caller.map(|c| c.0))).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery.into())))
}

/// The id in an address.
pub(crate) fn delivery_id(text: &str) -> Result<DeliveryId, Problem> {
    text.parse().map_err(|error: anvil_types::id::BadId| {
        Problem::not_found("no-such-delivery", "There is no such delivery", error.to_string())
    })
}

/// The webhook, or that there is none.
pub(crate) async fn known(state: &WebState, name: &str) -> Result<WebhookView, Problem> {
    let found = state.control.webhooks.all().await?.into_iter().find(|webhook| webhook.name == name);
    match found {
        Some(webhook) => Ok(webhook),
        None => Err(missing(state, name).await),
    }
}

/// That there is no such webhook, with the names that there are.
pub(crate) async fn missing(state: &WebState, name: &str) -> Problem {
    let webhooks = match state.control.webhooks.all().await {
        Ok(webhooks) => webhooks,
        Err(error) => return error.into(),
    };
    let known: Vec<String> = webhooks.into_iter().map(|webhook| webhook.name).collect();
    let near = nearest(name, known.iter().map(String::as_str));
    let hint = near.as_deref().map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
    let names = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
    let detail = format!("there is no webhook `{name}`{hint}; the webhooks are: {names}");
    Problem::not_found("no-such-webhook", "There is no such webhook", detail).with_known(known, near)
}
