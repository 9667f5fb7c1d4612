//! What a file is made of, read from its sections alone: nothing of it runs.

use super::Rejection;
use super::inspect::{damaged, encoding};
use anvil_types::clip;
use std::collections::BTreeMap;
use wasmparser::{CustomSectionReader, Encoding, KnownCustom, Parser, Payload, TypeRef};

/// The most names of one kind that are told; the rest is counted.
const MOST_NAMES: usize = 200;
/// What a page of memory has, where a module does not say otherwise.
const PAGE_BYTES: u64 = 64 * 1024;
/// The contract's package.
const CONTRACT: &str = "anvil:agent/";

/// How a plugin is entered, by what its file exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginKind {
    /// A component that exports the agent's functions.
    Component,
    /// A program that speaks in lines.
    Lines,
    /// A core module that exports the agent's functions, which the host makes a component of.
    Library,
    /// None of them.
    Other,
}

impl PluginKind {
    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Lines => "lines",
            Self::Library => "library",
            Self::Other => "no agent",
        }
    }
}

/// A memory that a module declares, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredMemory {
    /// What it has at its start.
    pub initial: u64,
    /// What it never has more of, where it says so.
    pub most: Option<u64>,
}

/// A tool or a language that had a part in a file, by its own word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Producer {
    /// `language`, `sdk` or `processed-by`.
    pub part: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a file is made of. All names are a stranger's text, of bounded length and number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anatomy {
    /// What it imports: interfaces of a component, functions of a core module.
    pub imports: Vec<String>,
    /// What it exports, likewise.
    pub exports: Vec<String>,
    /// How many more of both there are.
    pub unnamed: usize,
    /// Who made it.
    pub producers: Vec<Producer>,
    /// Bytes by kind of section, those of all modules in it together.
    pub sections: BTreeMap<&'static str, u64>,
    /// Bytes of custom sections by name.
    pub custom: BTreeMap<String, u64>,
    /// The memories that its modules declare themselves.
    pub memories: Vec<DeclaredMemory>,
    /// Core modules.
    pub modules: usize,
    is_component: bool,
}

impl Anatomy {
    /// Reads it out of a file's bytes.
    pub fn of(bytes: &[u8]) -> Result<Self, Rejection> {
        let mut anatomy = Self { is_component: encoding(bytes)? == Encoding::Component, ..Self::default() };
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(|error| damaged(&error, bytes.len()))?;
            match &payload {
                Payload::Version { encoding, .. } => {
                    depth += 1;
                    anatomy.modules += usize::from(*encoding == Encoding::Module);
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            anatomy.take(&payload, depth == 1).map_err(|error| damaged(&error, bytes.len()))?;
        }
        anatomy.producers.sort();
        anatomy.producers.dedup();
        Ok(anatomy)
    }

    /// How it is entered.
    pub fn kind(&self) -> PluginKind {
        let has = |start: &str| self.exports.iter().any(|name| name.starts_with(start));
        match (has("anvil:agent/agent-api@"), self.is_component) {
            (true, true) => PluginKind::Component,
            (true, false) => PluginKind::Library,
            (false, true) if has("wasi:cli/run@") => PluginKind::Lines,
            (false, false) if has("_start") => PluginKind::Lines,
            _ => PluginKind::Other,
        }
    }

    /// The version of the contract that it names; a program names none before it is asked.
    pub fn contract(&self) -> Option<&str> {
        let named = self.exports.iter().chain(&self.imports).find(|name| name.starts_with(CONTRACT))?;
        named.rsplit_once('@')?.1.split('#').next()
    }

    fn take(&mut self, payload: &Payload<'_>, outermost: bool) -> wasmparser::Result<()> {
        match payload {
            Payload::ComponentImportSection(imports) if outermost => {
                for import in imports.clone() {
                    let name = import?.name.name.to_owned();
                    self.name(|all| &mut all.imports, &name);
                }
            }
            Payload::ComponentExportSection(exports) if outermost => {
                for export in exports.clone() {
                    let name = export?.name.name.to_owned();
                    self.name(|all| &mut all.exports, &name);
                }
            }
            Payload::ImportSection(imports) if outermost => {
                for import in imports.clone().into_imports() {
                    let import = import?;
                    if matches!(import.ty, TypeRef::Func(_)) {
                        let name = format!("{}.{}", import.module, import.name);
                        self.name(|all| &mut all.imports, &name);
                    }
                }
            }
            Payload::ExportSection(exports) if outermost => {
                for export in exports.clone() {
                    let name = export?.name.to_owned();
                    self.name(|all| &mut all.exports, &name);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    let memory = memory?;
                    let page = memory.page_size_log2.map_or(PAGE_BYTES, |log2| 1 << log2.min(16));
                    let bytes = |pages: u64| pages.saturating_mul(page);
                    if self.memories.len() < MOST_NAMES {
                        let most = memory.maximum.map(bytes);
                        self.memories.push(DeclaredMemory { initial: bytes(memory.initial), most });
                    }
                }
            }
            Payload::CustomSection(section) => self.custom(section),
            _ => {}
        }
        if let Some((name, bytes)) = section(payload) {
            *self.sections.entry(name).or_default() += bytes;
        }
        Ok(())
    }

    fn custom(&mut self, section: &CustomSectionReader<'_>) {
        let bytes = section.range().len() as u64;
        let name = clip(section.name());
        if self.custom.len() < MOST_NAMES || self.custom.contains_key(&name) {
            *self.custom.entry(name).or_default() += bytes;
        }
        // What tools say of themselves is no part of the code: where it is malformed it is passed over.
        let KnownCustom::Producers(fields) = section.as_known() else { return };
        for field in fields.into_iter().flatten() {
            for value in field.values.into_iter().flatten() {
                if self.producers.len() < MOST_NAMES {
                    let (name, version) = (clip(value.name), clip(value.version));
                    self.producers.push(Producer { part: field.name.to_owned(), name, version });
                }
            }
        }
    }

    fn name(&mut self, kind: impl FnOnce(&mut Self) -> &mut Vec<String>, name: &str) {
        let names = kind(self);
        if names.len() < MOST_NAMES {
            names.push(clip(name));
        } else {
            self.unnamed += 1;
        }
    }
}

/// What a section of code is called, and its bytes; a part that has sections of its own is counted by those.
fn section(payload: &Payload<'_>) -> Option<(&'static str, u64)> {
    let (name, range) = match payload {
        Payload::CustomSection(section) => ("custom", section.range()),
        Payload::CodeSectionStart { range, .. } => ("code", range.clone()),
        Payload::DataSection(section) => ("data", section.range()),
        Payload::ElementSection(section) => ("elements", section.range()),
        Payload::FunctionSection(section) => ("functions", section.range()),
        Payload::GlobalSection(section) => ("globals", section.range()),
        Payload::TypeSection(section) => ("types", section.range()),
        Payload::ImportSection(section) => ("imports", section.range()),
        Payload::ExportSection(section) => ("exports", section.range()),
        Payload::ComponentTypeSection(section) => ("component types", section.range()),
        Payload::ComponentImportSection(section) => ("component imports", section.range()),
        Payload::ComponentExportSection(section) => ("component exports", section.range()),
        _ => return None,
    };
    Some((name, range.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{GuestBuilder, ProgramBuilder, of_another_interface};

    #[test]
    fn the_kind_is_read_from_what_a_file_exports() {
        let quiet = GuestBuilder::quiet("quiet");
        for (bytes, kind, contract) in [
            (quiet.component(), PluginKind::Component, Some("0.1.0")),
            (quiet.core_module(), PluginKind::Library, Some("0.1.0")),
            (ProgramBuilder::new("program").core_module(), PluginKind::Lines, None),
            (of_another_interface(), PluginKind::Other, None),
        ] {
            let anatomy = Anatomy::of(&bytes).expect("it is WebAssembly");
            assert_eq!((anatomy.kind(), anatomy.contract()), (kind, contract), "{anatomy:#?}");
        }
    }

    #[test]
    fn sections_memories_and_tools_are_told() {
        let anatomy = Anatomy::of(&GuestBuilder::quiet("quiet").component()).expect("it is a component");
        assert_eq!(anatomy.memories[0], DeclaredMemory { initial: 2 * PAGE_BYTES, most: None });
        assert!(anatomy.sections["code"] > 0 && anatomy.sections["data"] > 0, "{anatomy:#?}");
        assert!(anatomy.producers.iter().any(|tool| tool.name == "wit-component"), "{anatomy:#?}");
        let program = Anatomy::of(&ProgramBuilder::new("program").core_module()).expect("it is a module");
        assert!(program.imports.contains(&"wasi_snapshot_preview1.fd_write".to_owned()), "{program:#?}");
    }

    #[test]
    fn what_is_no_webassembly_or_has_no_end_has_no_anatomy() {
        let whole = GuestBuilder::quiet("quiet").component();
        assert_eq!(Anatomy::of(b"hello"), Err(Rejection::NotWasm));
        assert!(matches!(Anatomy::of(&whole[..whole.len() / 2]), Err(Rejection::Damaged(_))));
    }

    #[test]
    fn names_without_end_are_counted_and_not_kept() {
        let exports: Vec<_> = (0..300).map(|n| format!("(export \"f{n}\" (func 0))")).collect();
        let exports = exports.concat();
        let module = wat::parse_str(format!("(module (func) {exports})")).expect("a module");
        let anatomy = Anatomy::of(&module).expect("a module");
        assert_eq!((anatomy.exports.len(), anatomy.unnamed), (MOST_NAMES, 100));
    }
}
