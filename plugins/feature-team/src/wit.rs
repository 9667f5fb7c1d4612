//! What `wit/` says, as Rust: types, the host's functions, and the trait that a plugin implements.
#![expect(missing_docs, clippy::pedantic, reason = "generated; the words are documented in wit/")]

wit_bindgen::generate!({ path: "../../wit", world: "agent" });
