//! The API's description, made from the table of routes: what is served is what is described.

use crate::routes::{Entry, Face};
use serde_json::{Map, Value, json};

/// An OpenAPI 3.1 document of every route of the API: path, method, parameters, summary and the scope
/// that it needs (`x-scope`). The shapes of bodies are in the documentation.
pub(crate) fn describe(table: &[Entry]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for entry in table.iter().filter(|entry| Face::of(entry.path) == Face::Api) {
        let path = entry.path.replace("{*", "{");
        let names = path.split('{').skip(1).filter_map(|part| part.split('}').next());
        let parameters: Vec<_> = names
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        let operation = json!({
            "summary": entry.summary,
            "x-scope": format!("{:?}", entry.scope).to_lowercase(),
            "parameters": parameters,
            "responses": {
                "2XX": { "description": "Done." },
                "4XX": { "$ref": "#/components/responses/Problem" },
                "5XX": { "$ref": "#/components/responses/Problem" },
            },
        });
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[entry.method.as_str().to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Anvil", "version": env!("CARGO_PKG_VERSION") },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "responses": { "Problem": {
                "description": "What is wrong and what to do (RFC 9457).",
                "content": { "application/problem+json": { "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        "type": { "type": "string" },
                        "title": { "type": "string" },
                        "status": { "type": "integer" },
                        "detail": { "type": "string" },
                    },
                } } },
            } },
        },
    })
}
