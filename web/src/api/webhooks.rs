//! Webhooks, and the log of what was sent to them.

use crate::ask::{DELIVERY_FILTERS, Filter, Id, Object, PAGE, Who, missing_webhook};
use crate::permission::Permission::{Admin, Operate, Read};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::{List, Sent, WebhookRequest, WebhookView};
use anvil_control::WebhookChange;
use anvil_store::{DeliveryFilter, StoreError};
use anvil_types::DeliveryId;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};

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
        .query(&DELIVERY_FILTERS)
        .query(&PAGE)
        .gives::<List<Sent, DeliveryId>>()
        .route(Operate, post, "/api/v1/deliveries/{id}/resend", "Send it once more", resend)
        .gives::<Sent>()
}

async fn list(State(state): State<WebState>) -> Result<Json<List<WebhookView>>, Problem> {
    Ok(Json(List::whole(state.control.webhooks.all().await?)))
}

async fn put(
    State(state): State<WebState>,
    Who(by): Who,
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
    Ok(Json(state.control.webhooks.put(&name, change, by).await?))
}

async fn delete(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    if state.control.webhooks.delete(&name, by).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing_webhook(&state, &name).await)
    }
}

async fn test(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    match state.control.webhooks.test(&name, by).await {
        Ok(delivery) => Ok((StatusCode::ACCEPTED, Json(delivery.into()))),
        Err(StoreError::NoSuchWebhook(name)) => Err(missing_webhook(&state, &name).await),
        Err(error) => Err(error.into()),
    }
}

async fn deliveries(
    State(state): State<WebState>,
    Filter(filter): Filter<DeliveryFilter>,
) -> Result<Json<List<Sent, DeliveryId>>, Problem> {
    let limit = filter.limit;
    let items = state.control.webhooks.deliveries(filter).await?;
    let next = items.last().filter(|_| items.len() >= limit as usize).map(|delivery| delivery.id);
    Ok(Json(List { items: items.into_iter().map(Sent::from).collect(), next }))
}

async fn resend(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<DeliveryId>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    let delivery = state.control.webhooks.redeliver(id, by).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery.into())))
}
