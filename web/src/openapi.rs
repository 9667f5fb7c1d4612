//! The API's description, made from the table of routes and the schemas of the API's words: what is served is what
//! is described.

use crate::parameters;
use crate::routes::{Entry, Face};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// What a body is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// JSON of this schema.
    Json(fn() -> Named),
    /// JSON lines, each of this schema.
    Lines(fn() -> Named),
    /// A form: its part `job` is JSON of this schema, its parts `file` are files.
    WithFiles(fn() -> Named),
    /// Something of this media type.
    Media(&'static str),
}

/// A schema with its name, and those that it refers to.
pub(crate) struct Named {
    name: String,
    all: Vec<(String, RefOr<Schema>)>,
}

impl Named {
    fn of<T: ToSchema>() -> Self {
        let name = T::name().into_owned();
        let mut all = vec![(name.clone(), T::schema())];
        T::schemas(&mut all);
        Self { name, all }
    }
}

impl Shape {
    pub(crate) fn json<T: ToSchema>() -> Self {
        Self::Json(Named::of::<T>)
    }

    pub(crate) fn with_files<T: ToSchema>() -> Self {
        Self::WithFiles(Named::of::<T>)
    }

    pub(crate) fn lines<T: ToSchema>() -> Self {
        Self::Lines(Named::of::<T>)
    }
}

/// The schemas that routes refer to, by their names.
#[derive(Default)]
struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    /// The schema of a name; all that belongs to it is kept.
    fn refer(&mut self, named: Named) -> Value {
        for (name, schema) in named.all {
            let mut schema = serde_json::to_value(schema).expect("a schema has keys of text");
            // It may be a part of another, whose members it has to let be; an answer may have more some day.
            if let Some(members) = schema.as_object_mut()
                && members.get("additionalProperties") == Some(&Value::Bool(false))
            {
                members.remove("additionalProperties");
            }
            let known = self.0.entry(name).or_insert_with(|| schema.clone());
            debug_assert_eq!(*known, schema, "two types of the API have one name");
        }
        json!({ "$ref": format!("#/components/schemas/{}", named.name) })
    }

    fn content(&mut self, shapes: &[Shape]) -> Value {
        let mut content: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for shape in shapes {
            let (media, schema) = match *shape {
                Shape::Json(named) => ("application/json", self.refer(named())),
                // OpenAPI 3.1 has no word for it: the schema is that of a line.
                Shape::Lines(named) => ("application/jsonl", self.refer(named())),
                Shape::WithFiles(named) => {
                    let file = json!({ "type": "string", "format": "binary" });
                    let properties =
                        json!({ "job": self.refer(named()), "file": { "type": "array", "items": file } });
                    let form =
                        json!({ "type": "object", "required": ["job", "file"], "properties": properties });
                    ("multipart/form-data", form)
                }
                Shape::Media(media) => (media, json!({})),
            };
            content.entry(media).or_default().push(schema);
        }
        let one = |(media, mut schemas): (&str, Vec<Value>)| {
            let schema = if schemas.len() == 1 { schemas.remove(0) } else { json!({ "anyOf": schemas }) };
            (media.to_owned(), json!({ "schema": schema }))
        };
        Value::Object(content.into_iter().map(one).collect())
    }
}

/// An OpenAPI 3.1 document of every route of the API: path, method, parameters, summary, bodies, and the scope
/// that it needs (`x-scope`).
pub(crate) fn describe(table: &[Entry]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas = Schemas::default();
    for entry in table.iter().filter(|entry| Face::of(entry.path) == Face::Api) {
        let path = entry.path.replace("{*", "{");
        let names = path.split('{').skip(1).filter_map(|part| part.split('}').next());
        let mut parameters: Vec<_> = names
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        parameters.extend(entry.query.iter().copied().map(parameters::of_query));
        parameters.extend(entry.headers.iter().copied().map(parameters::of_header));
        let mut done = json!({ "description": "Done." });
        if !entry.gives.is_empty() {
            done["content"] = schemas.content(&entry.gives);
        }
        let mut operation = json!({
            "summary": entry.summary,
            "x-scope": format!("{:?}", entry.scope).to_lowercase(),
            "parameters": parameters,
            "responses": {
                "2XX": done,
                "4XX": { "$ref": "#/components/responses/Problem" },
                "5XX": { "$ref": "#/components/responses/Problem" },
            },
        });
        if !entry.takes.is_empty() {
            let mut content = schemas.content(&entry.takes);
            if let Some(body) = content.pointer_mut("/application~1json/schema") {
                // A member that the host does not know is refused, wherever the known ones stand.
                body["unevaluatedProperties"] = false.into();
            }
            operation["requestBody"] = json!({ "content": content });
        }
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[entry.method.as_str().to_lowercase()] = operation;
    }
    let problem = schemas.refer(Named::of::<anvil_api::Problem>());
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Anvil", "version": env!("CARGO_PKG_VERSION") },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas.0,
            "responses": { "Problem": {
                "description": "What is wrong and what to do (RFC 9457).",
                "content": { "application/problem+json": { "schema": problem } },
            } },
        },
    })
}
