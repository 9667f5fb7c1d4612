//! `/api/v1/limits/scopes`: limits of one agent or one API key.

use crate::ask::{Id, Near, Object, Who};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{List, ScopeLimitsView};
use anvil_budget::{WindowKind, WindowLimits};
use anvil_types::Scope;
use axum::Json;
use axum::extract::State;

const DOLLARS: &str = "a number of dollars, as in 20 or 0.5";
/// The limits that a scope may have, by the windows' names.
const NAMES: [(&str, WindowKind); 3] =
    [("hour_usd", WindowKind::Hour), ("day_usd", WindowKind::Day), ("month_usd", WindowKind::Month)];

pub(super) async fn list(State(state): State<WebState>) -> Result<Json<List<ScopeLimitsView>>, Problem> {
    Ok(Json(List::whole(state.control.scopes.all().await?)))
}

pub(super) async fn change(
    State(state): State<WebState>,
    Who(by): Who,
    Id(scope): Id<Scope>,
    body: Object,
) -> Result<Json<ScopeLimitsView>, Problem> {
    let (set, unset) = read(body)?;
    Ok(Json(state.control.scopes.set(scope, set, &unset, by).await?))
}

fn read(mut body: Object) -> Result<(WindowLimits, Vec<WindowKind>), Problem> {
    let names: Vec<String> = body.field("reset", "a list of limits").unwrap_or_default();
    let mut unset = Vec::new();
    for name in &names {
        if let Some((_, kind)) = NAMES.iter().find(|(known, _)| known == name) {
            unset.push(*kind);
            continue;
        }
        let near = Near::of(name, NAMES.map(|(known, _)| known));
        body.wrong("reset", format!("an agent or API key has no limit `{name}`{}", near.at_the_end()));
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
