//! wasmtime: the catalog of plugins and a fresh store for each attempt.
