//! What a file is, before anything of it is compiled.

use super::Rejection;
use super::adapt::component_of;
use super::difference::differences;
use std::borrow::Cow;
use wasmparser::{Encoding, Parser, Payload};

/// What every WebAssembly file begins with.
const MAGIC: &[u8] = b"\0asm";
/// What wasmtime's compiled code begins with: it is an ELF file.
const ELF: &[u8] = b"\x7fELF";

/// The component that the bytes are, or that is made of them, found to fit the contract.
pub(crate) fn component(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Rejection> {
    let encoding = encoding(bytes)?;
    sections(bytes)?;
    let component = match encoding {
        Encoding::Component => Cow::Borrowed(bytes),
        Encoding::Module => Cow::Owned(component_of(bytes)?),
    };
    differences(&component)?;
    Ok(component)
}

pub(super) fn encoding(bytes: &[u8]) -> Result<Encoding, Rejection> {
    if bytes.is_empty() {
        return Err(Rejection::Empty);
    }
    if bytes.starts_with(ELF) {
        return Err(Rejection::Precompiled);
    }
    if bytes.len() < 8 && bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
        return Err(Rejection::Damaged("it ends within its header".to_owned()));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(Rejection::NotWasm);
    }
    match Parser::new(0).parse_all(bytes).next() {
        Some(Ok(Payload::Version { encoding, .. })) => Ok(encoding),
        Some(Err(error)) => Err(Rejection::Damaged(error.message().to_owned())),
        _ => Err(Rejection::NotWasm),
    }
}

/// Walks over all sections; the bodies of functions are not looked at, the compiler does that.
fn sections(bytes: &[u8]) -> Result<(), Rejection> {
    let mut ended = 0_usize;
    let mut begun = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| damaged(&error, bytes.len()))? {
            Payload::Version { .. } => begun += 1,
            Payload::End(_) => ended += 1,
            _ => {}
        }
    }
    if begun == ended { Ok(()) } else { Err(Rejection::Damaged("a part of it has no end".to_owned())) }
}

pub(super) fn damaged(error: &wasmparser::BinaryReaderError, length: usize) -> Rejection {
    Rejection::Damaged(format!("{} at byte {} of {length}", error.message(), error.offset()))
}
