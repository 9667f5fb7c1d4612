//! The API's description: what is served, taken and answered is what it says.

use crate::Permission;
use crate::openapi::{Shape, describe};
use crate::routes::{Entry, Face};
use crate::serve::routes;
use crate::testing::{Answer, Scene};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Set, the page is written in place of being compared.
const WRITE: &str = "ANVIL_TEST_WRITE_DOCS";

fn table(scene: &Scene) -> Vec<Entry> {
    let (_, table) = routes(&scene.state).finish();
    table.into_iter().filter(|entry| Face::of(entry.path) == Face::Api).collect()
}

#[tokio::test]
async fn the_description_is_the_one_that_is_kept() {
    let scene = Scene::new().await;
    let described = scene.get("/api/openapi.json").await.json();
    let text = format!("{}\n", serde_json::to_string_pretty(&described).expect("JSON"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/openapi.json");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &text).expect("the page can be written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    // Not `assert_eq`, which would print both.
    let differs = there.lines().zip(text.lines()).find(|(there, now)| there != now);
    assert!(
        there == text,
        "docs/reference/openapi.json is stale from {differs:?} on; where the change is meant: \
         {WRITE}=1 cargo nextest run --workspace -E 'test(the_description_is_the_one_that_is_kept)'"
    );
}

#[tokio::test]
async fn every_route_says_what_it_takes_and_gives() {
    let scene = Scene::new().await;
    for entry in table(&scene) {
        let Entry { method, path, .. } = &entry;
        let says_nothing = entry.gives.is_empty();
        assert!(!says_nothing || *method == Method::DELETE, "{method} {path}: only a deletion says nothing");
        let has_body = matches!(*method, Method::PUT | Method::PATCH);
        assert!(!has_body || !entry.takes.is_empty(), "{method} {path} has a body");
        assert!(*method != Method::GET || entry.takes.is_empty(), "{method} {path} has no body");
    }
}

#[tokio::test]
async fn a_query_may_have_the_names_that_are_described() {
    let scene = Scene::new().await;
    for name in table(&scene).iter().flat_map(|entry| &entry.headers) {
        assert_ne!(crate::parameters::of_header(name)["description"], "", "`{name}` is described");
    }
    let mut queries = 0;
    for entry in table(&scene) {
        let answer = ask_oddly(&scene, &entry).await;
        if entry.scope == Permission::Open {
            assert_eq!(answer.status, StatusCode::OK, "{}: nothing hangs on it", entry.path);
            continue;
        }
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}: {}", entry.path, answer.text);
        let problem: anvil_api::Problem = serde_json::from_str(&answer.text).expect("a problem");
        assert!(problem.kind.ends_with("bad-query"), "{}: {}", entry.path, answer.text);
        let known: BTreeSet<String> = problem.known.into_iter().collect();
        let described: BTreeSet<String> = entry.query.iter().map(ToString::to_string).collect();
        assert_eq!(known, described, "{}: {}", entry.path, answer.text);
        queries += usize::from(!described.is_empty());
        for name in entry.query {
            let parameter = crate::parameters::of_query(name);
            assert_ne!(
                parameter["description"], "",
                "`{name}` of {} is described in `parameters.rs`",
                entry.path
            );
        }
    }
    assert!(queries > 10, "{queries} queries were asked");
}

#[tokio::test]
async fn a_page_is_asked_by_no_name_that_it_does_not_know() {
    let scene = Scene::new().await;
    let (_, whole) = routes(&scene.state).finish();
    let mut pages = 0;
    for entry in whole.into_iter().filter(|entry| Face::of(entry.path) == Face::Panel) {
        let answer = ask_oddly(&scene, &entry).await;
        if entry.scope <= Permission::Link && entry.query.is_empty() {
            assert_ne!(answer.status, StatusCode::BAD_REQUEST, "{}: nothing hangs on it", entry.path);
            continue;
        }
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{} {}", entry.method, entry.path);
        assert!(answer.text.contains("there is no parameter"), "{}: {}", entry.path, answer.text);
        pages += 1;
    }
    assert!(pages > 40, "{pages} pages and forms were asked");
}

/// Asks a route by a name that none has.
async fn ask_oddly(scene: &Scene, entry: &Entry) -> Answer {
    let path = entry.path.replace("{id}", "01JD9Z6W3NQ8Y5R2K7M4T1X0VB").replace("{scope}", "agent:quiet");
    let path = path.replace("{*name}", "some").replace("{name}", "some").replace("{hash}", "some");
    scene.api(entry.method.clone(), &format!("{path}?no_such_name=1"), "").await
}

#[tokio::test]
async fn a_body_may_have_the_members_that_are_described() {
    let scene = Scene::new().await;
    let table = table(&scene);
    let described = describe(&table);
    let mut bodies = 0;
    for entry in table.iter().filter(|entry| matches!(entry.takes[..], [Shape::Json(_)])) {
        let path = entry.path.replace("{id}", "01JD9Z6W3NQ8Y5R2K7M4T1X0VB");
        let path = path.replace("{scope}", "agent:quiet").replace("{name}", "some");
        let answer = scene.api(entry.method.clone(), &path, r#"{"no_such_member": 1}"#).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.text);
        let problem: anvil_api::Problem = serde_json::from_str(&answer.text).expect("a problem");
        let known: BTreeSet<String> = problem.known.into_iter().collect();
        let operation = &described["paths"][entry.path][entry.method.as_str().to_lowercase()];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(known, members(&described, schema), "{} {path}", entry.method);
        bodies += 1;
    }
    assert!(bodies > 12, "{bodies} bodies were sent");
}

#[tokio::test]
async fn every_reference_of_the_description_leads_somewhere() {
    let described = describe(&table(&Scene::new().await));
    let mut places = Vec::new();
    references(&described, &mut places);
    assert!(places.len() > 100, "{} references", places.len());
    let lost: BTreeSet<_> = places.iter().filter(|place| described.pointer(place).is_none()).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

/// Where all that is referred to has to stand.
fn references(described: &Value, places: &mut Vec<String>) {
    match described {
        Value::Object(members) => {
            let place = members.get("$ref").and_then(Value::as_str);
            places.extend(place.map(|place| place.trim_start_matches('#').to_owned()));
            members.values().for_each(|value| references(value, places));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, places)),
        _ => {}
    }
}

/// The members of an object's schema, wherever they stand.
fn members(described: &Value, schema: &Value) -> BTreeSet<String> {
    if let Some(place) = schema["$ref"].as_str() {
        let schema =
            described.pointer(place.trim_start_matches('#')).expect("every reference leads somewhere");
        return members(described, schema);
    }
    let own = schema["properties"].as_object().into_iter().flat_map(|members| members.keys().cloned());
    let parts = schema["allOf"].as_array().into_iter().flatten();
    own.chain(parts.flat_map(|part| members(described, part))).collect()
}

/// What is described, and what was made of it.
struct Described {
    table: Vec<Entry>,
    document: Value,
    validators: Mutex<HashMap<String, Arc<jsonschema::Validator>>>,
}

static DESCRIBED: OnceLock<Described> = OnceLock::new();

/// Which side of a route a JSON text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    /// What it takes.
    Request,
    /// What it answers with.
    Answer,
}

/// Whether a body that was taken, or an answer, in JSON is what is described of its route: all of every test are
/// looked at.
pub(crate) fn check(scene: &Scene, side: Side, method: &Method, path: &str, text: &str) {
    let described = DESCRIBED.get_or_init(|| {
        let table = table(scene);
        Described { document: describe(&table), table, validators: Mutex::default() }
    });
    let fits = |entry: &&Entry| entry.method == method && crate::serve::matches(entry.path, path);
    // The first that fits: `/jobs/actions` stands before `/jobs/{id}`.
    let exact = described.table.iter().find(|entry| entry.method == method && entry.path == path);
    let Some(entry) = exact.or_else(|| described.table.iter().find(fits)) else { return };
    let place = entry.path.replace("{*", "{");
    let operation = &described.document["paths"][&place][method.as_str().to_lowercase()];
    let content = match side {
        Side::Request => &operation["requestBody"]["content"],
        Side::Answer => &operation["responses"]["2XX"]["content"],
    };
    let schema = content["application/json"]["schema"].clone();
    if side == Side::Request && !schema.is_object() {
        return;
    }
    assert!(schema.is_object(), "{method} {place} has no {side:?} in JSON by its description: {text}");
    let name = format!("{side:?} of {method} {place}");
    let mut validators = described.validators.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = validators.entry(name.clone()).or_insert_with(|| {
        let whole = json!({ "allOf": [schema], "components": described.document["components"] });
        Arc::new(jsonschema::validator_for(&whole).expect("a description is a schema"))
    });
    let value: Value = serde_json::from_str(text).expect("JSON");
    let wrong: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "the {name} is not what is described: {wrong:?}\n{value:#}");
}
