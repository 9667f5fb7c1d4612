//! `/api/v1/limits/scopes`: limits of one agent or one API key.

use super::Object;
use crate::guard::name_of;
use crate::nearest::nearest;
use crate::permission::Caller;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{List, ScopeLimitsView};
use anvil_budget::{WindowKind, WindowLimits};
use anvil_types::Scope;
use axum::extract::{Path, State};
use axum::{Extension, Json};

const DOLLARS: &str = "a number of dollars, as in 20 or 0.5";
/// The limits that a scope may have, by the windows' names.
const NAMES: [(&str, WindowKind); 3] =
    [("hour_usd", WindowKind::Hour), ("day_usd", WindowKind::Day), ("month_usd", WindowKind::Month)];

pub(super) async fn list(State(state): State<WebState>) -> Result<Json<List<ScopeLimitsView>>, Problem> {
    Ok(Json(List::whole(state.control.scopes.all().await?)))
}

pub(super) async fn change(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Path(scope): Path<String>,
    body: Object,
) -> Result<Json<ScopeLimitsView>, Problem> {
    let scope = scope.parse::<Scope>();
    let scope = scope
        .map_err(|error| Problem::not_found("no-such-scope", "There is no such scope", error.to_string()))?;
    let (set, unset) = read(body)?;
    Ok(Json(state.control.scopes.set(scope, set, &unset, name_of(caller.map(|c| c.0))).await?))
}

fn read(mut body: Object) -> Result<(WindowLimits, Vec<WindowKind>), Problem> {
    let names: Vec<String> = body.field("reset", "a list of limits").unwrap_or_default();
    let mut unset = Vec::new();
    for name in &names {
        if let Some((_, kind)) = NAMES.iter().find(|(known, _)| known == name) {
            unset.push(*kind);
            continue;
        }
        let near = nearest(name, NAMES.map(|(known, _)| known));
        let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        body.wrong("reset", format!("an agent or API key has no limit `{name}`{hint}"));
    }
    let mut set = WindowLimits::default();
    for (name, kind) in NAMES {
        set.set(kind, body.dollars(name, DOLLARS));
        if set.get(kind).is_some() && unset.contains(&kind) {
            body.wrong(name, "is set and reset at once; do one of them");
        }
    }
    body.finish()?;
    Ok((set, unset))
}
