//! The contract `anvil:agent@0.1.0` as Rust types, made from `wit/`.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "agent",
    imports: { default: async | trappable },
    exports: { default: async },
    include_component_type: true,
});
