//! Agents, as a person sees them.

use crate::host::Host;
use crate::samples::{settled, status};
use serde_json::json;

#[test]
fn agents_are_listed_shown_and_switched() {
    let agent = json!({
        "name": "code-generator", "version": "1.0.0", "summary": "Writes code.", "file": "code-generator.wasm",
        "digest": "abc", "size": 1_048_576, "state": "ready", "reason": null, "model_floor": null, "effort": "standard",
        "loaded_at": "2026-11-23T12:00:00Z", "time_limit_s": null,
        "actions": [{ "name": "generate", "summary": "Writes files.", "input_schema": { "type": "object" }, "output_schema": {} }],
    });
    let mut off = agent.clone();
    off["state"] = json!("disabled");
    let bad = json!({
        "name": "x", "version": "", "summary": "", "file": "x.wasm", "digest": "def", "size": 5, "state": "rejected", "actions": [], "model_floor": null, "effort": "standard",
        "loaded_at": "2026-11-23T12:00:00Z", "time_limit_s": null, "reason": "x.wasm is no WebAssembly component",
    });
    let host = Host::start()
        .on("GET /api/v1/agents", &json!({ "items": [agent, bad], "next": null }))
        .on("GET /api/v1/agents/code-generator", &agent)
        .on("GET /api/v1/status", &status())
        .on("POST /api/v1/agents/code-generator/disable", &off);
    insta::assert_snapshot!(host.anvil(&["agents", "list"]).out, @r###"
    AGENT           VERSION  STATE     ACTIONS   FILE                 SUMMARY
    code-generator  1.0.0    ready     generate  code-generator.wasm  Writes code.
    x                        rejected            x.wasm               x.wasm is no WebAssembly component
    "###);
    insta::assert_snapshot!(settled(&host.anvil(&["agents", "show", "code-generator"]).out), @r###"
    code-generator 1.0.0: ready
                  Writes code.
      file        code-generator.wasm, 1.0 MiB
      digest      abc
      loaded      2026-11-23 12:00:00 (… ago)
      effort      standard

    generate: Writes files.
      payload {
        "type": "object"
      }
      result {}

    Try it: anvil submit code-generator generate --field NAME=VALUE --wait
    "###);
    assert_eq!(host.anvil(&["agents", "disable", "code-generator"]).out, "code-generator is disabled\n");
}
