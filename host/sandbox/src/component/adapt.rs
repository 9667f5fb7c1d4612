//! Core modules made into components: what most compilers of `wasm32-wasip1` give.

use super::Rejection;
use super::below::with_room_below;
use crate::contract::FIRST;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::{ExternalKind, Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::decoding::decode_world;

/// What a program begins with.
const START: &str = "_start";
/// What the section is called in which tools of the component model leave a module's types.
const TYPES: &str = "component-type";

/// What a core module says of itself.
#[derive(Default)]
struct Module {
    /// It is a program.
    is_program: bool,
    /// It says which types its functions have in the component model.
    has_types: bool,
}

/// A component of a core module: a program speaks in lines, and what exports the agent's functions has the contract's types
/// where it brings none.
pub(super) fn component_of(module: &[u8]) -> Result<Vec<u8>, Rejection> {
    let said = read(module)?;
    let mut module = module.to_vec();
    if !said.is_program && !said.has_types {
        let (resolve, world) =
            decode_world(FIRST.world).map_err(|error| Rejection::Host(format!("{error:#}")))?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .map_err(|error| Rejection::Host(format!("{error:#}")))?;
    }
    if said.is_program
        && let Some(moved) = with_room_below(&module).map_err(Rejection::CoreModule)?
    {
        module = moved;
    }
    let adapter = if said.is_program {
        WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER
    } else {
        WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER
    };
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter))
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| Rejection::CoreModule(format!("{error:#}")))
}

fn read(module: &[u8]) -> Result<Module, Rejection> {
    let damaged = |error: wasmparser::BinaryReaderError| Rejection::Damaged(error.to_string());
    let mut said = Module::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(damaged)? {
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export.map_err(damaged)?;
                    said.is_program |= export.kind == ExternalKind::Func && export.name == START;
                }
            }
            Payload::CustomSection(section) => said.has_types |= section.name().starts_with(TYPES),
            _ => {}
        }
    }
    Ok(said)
}
