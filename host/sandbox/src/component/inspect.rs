//! What a file is, before anything of it is compiled.

use super::Rejection;
use super::adapt::component_of;
use super::difference::differences;
use super::sound::sound;
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
    sound(&component)?;
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
        let payload = payload.map_err(|error| damaged(&error, bytes.len()))?;
        match &payload {
            Payload::Version { .. } => begun += 1,
            Payload::End(_) => ended += 1,
            _ => {}
        }
        match parts(&payload) {
            // Each has a byte at least. Whoever reads them later makes room for as many as there are said to be.
            Some((count, length)) if count as usize > length => {
                let why = format!("a section of {length} bytes says that it has {count} parts");
                return Err(Rejection::Damaged(why));
            }
            _ => {}
        }
    }
    if begun == ended { Ok(()) } else { Err(Rejection::Damaged("a part of it has no end".to_owned())) }
}

/// How many parts a section says that it has, and its bytes.
fn parts(payload: &Payload<'_>) -> Option<(u32, usize)> {
    macro_rules! of {
        ($($section:ident)*) => {
            match payload {
                $(Payload::$section(section) => Some((section.count(), section.range().len())),)*
                Payload::CodeSectionStart { count, range, .. } => Some((*count, range.len())),
                _ => None,
            }
        };
    }
    of!(TypeSection ImportSection FunctionSection TableSection MemorySection TagSection GlobalSection ExportSection
        ElementSection DataSection InstanceSection CoreTypeSection ComponentInstanceSection ComponentAliasSection
        ComponentTypeSection ComponentCanonicalSection ComponentImportSection ComponentExportSection)
}

pub(super) fn damaged(error: &wasmparser::BinaryReaderError, length: usize) -> Rejection {
    Rejection::Damaged(format!("{} at byte {} of {length}", error.message(), error.offset()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_with_more_parts_than_bytes_is_refused_before_room_is_made_for_them() {
        // A million types, of which none comes.
        let module = [MAGIC, &[1, 0, 0, 0], &[1, 3, 0xc0, 0x84, 0x3d]].concat();
        let refused = component(&module).expect_err("it has none of them");
        let why = "a section of 3 bytes says that it has 1000000 parts";
        assert_eq!(refused, Rejection::Damaged(why.to_owned()));
    }
}
