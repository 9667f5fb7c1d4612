//! Room for the adapter below a program's memory.
//!
//! The adapter that makes a component of a program keeps a stack and a page of its own in the program's memory. Where the
//! program does not hand them out, they are grown at its end; and a runtime that takes all memory up to its end for its own,
//! as Go's does, then writes over them. So a program's memory is moved up by [`PAGES`]: each address that it uses has that
//! added, in its code, in its data, and where it is handed to WASI, and the adapter's memory lies below. The program notices
//! nothing.

mod added;
mod pointers;

use added::{Added, Wrapped};
use pointers::pointers;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, FunctionSection, Instruction, MemArg,
    MemoryType, Module, TypeSection, ValType,
};
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef};

const PAGE: u32 = 64 * 1024;
/// A page that stays empty, so that no address of the adapter's is zero, its stack, and its state.
const PAGES: u32 = 3;
const MOVED: u32 = PAGES * PAGE;
/// Where in the empty page it is noted how much was handed out.
const HANDED_OUT: u64 = 16;
/// Bytes of an entry in a list of buffers: an address and a length.
const IOVEC: i32 = 8;
/// The function that the adapter asks for memory.
const REALLOC: &str = "cabi_realloc";

/// The program with its memory moved up; none where it needs no room made: it hands out memory itself, has none, or one of a
/// kind that no program has.
pub(super) fn with_room_below(module: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("its memory cannot be moved: {error}");
    let Some(mut plan) = Plan::of(module).map_err(|error| failed(&error))? else { return Ok(None) };
    let mut moved = Module::new();
    plan.parse_core_module(&mut moved, Parser::new(0), module).map_err(|error| failed(&error))?;
    Ok(Some(moved.finish()))
}

/// What a program has, and where what is added to it stands.
struct Plan {
    types: u32,
    functions: u32,
    wrapped: Vec<Wrapped>,
    passive: Vec<u32>,
}

impl Plan {
    fn of(module: &[u8]) -> Result<Option<Self>, wasmparser::BinaryReaderError> {
        let mut plan = Self { types: 0, functions: 0, wrapped: Vec::new(), passive: Vec::new() };
        let (mut params, mut memories, mut has_code) = (Vec::new(), 0, false);
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(types) => {
                    for group in types {
                        for ty in group?.into_types() {
                            let count = match &ty.composite_type.inner {
                                wasmparser::CompositeInnerType::Func(func) => func.params().len(),
                                _ => 0,
                            };
                            params.push(u32::try_from(count).unwrap_or(u32::MAX));
                            plan.types += 1;
                        }
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        match import.ty {
                            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                                if let Some(pointers) = pointers(import.module, import.name) {
                                    let params = params.get(ty as usize).copied().unwrap_or(0);
                                    plan.wrapped.push(Wrapped {
                                        import: plan.functions,
                                        ty,
                                        params,
                                        pointers,
                                    });
                                }
                                plan.functions += 1;
                            }
                            TypeRef::Memory(_) => return Ok(None),
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(functions) => plan.functions += functions.count(),
                Payload::MemorySection(section) => {
                    for memory in section {
                        let memory = memory?;
                        let plain = !memory.memory64 && !memory.shared && memory.page_size_log2.is_none();
                        memories += if plain { 1 } else { 2 };
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.kind == ExternalKind::Func && export.name == REALLOC {
                            return Ok(None);
                        }
                    }
                }
                Payload::DataSection(data) => {
                    for (index, datum) in data.into_iter().enumerate() {
                        if matches!(datum?.kind, wasmparser::DataKind::Passive) {
                            plan.passive.push(u32::try_from(index).unwrap_or(u32::MAX));
                        }
                    }
                }
                Payload::CodeSectionStart { .. } => has_code = true,
                _ => {}
            }
        }
        Ok((memories == 1 && has_code).then_some(plan))
    }

    fn added(&self) -> impl Iterator<Item = Added> {
        use Added::{Copy, Fill, Grow, Init, Realloc, Size};
        [Realloc, Size, Grow, Fill, Copy].into_iter().chain(self.passive.iter().map(|data| Init(*data)))
    }

    /// The index of an added function.
    fn index(&self, wanted: Added) -> u32 {
        let before = u32::try_from(self.wrapped.len()).unwrap_or(u32::MAX);
        let place = match wanted {
            Added::Realloc => 0,
            Added::Size => 1,
            Added::Grow => 2,
            Added::Fill => 3,
            Added::Copy => 4,
            Added::Init(data) => {
                let at = self.passive.iter().position(|other| *other == data).unwrap_or(0);
                5 + u32::try_from(at).unwrap_or(u32::MAX)
            }
        };
        self.functions + before + place
    }
}

impl Reencode for Plan {
    type Error = &'static str;

    /// Whoever calls a function of WASI that is given addresses calls its wrapper.
    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        let wrapper = self.wrapped.iter().position(|wrapped| wrapped.import == function);
        Ok(wrapper.map_or(function, |at| self.functions + u32::try_from(at).unwrap_or(u32::MAX)))
    }

    fn mem_arg(&mut self, arg: wasmparser::MemArg) -> Result<MemArg, Error<Self::Error>> {
        let arg = utils::mem_arg(self, arg)?;
        let offset = arg.offset.saturating_add(u64::from(MOVED));
        if offset > u64::from(u32::MAX) {
            return Err(Error::UserError("it has an offset at the very end of memory"));
        }
        Ok(MemArg { offset, ..arg })
    }

    fn memory_type(&mut self, memory: wasmparser::MemoryType) -> Result<MemoryType, Error<Self::Error>> {
        let memory = utils::memory_type(self, memory);
        // What says that it has more than there can be is refused when the whole is validated.
        let more = |pages: u64| pages.saturating_add(u64::from(PAGES));
        Ok(MemoryType { minimum: more(memory.minimum), maximum: memory.maximum.map(more), ..memory })
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Result<Instruction<'a>, Error<Self::Error>> {
        let added = match operator {
            Operator::MemorySize { .. } => Added::Size,
            Operator::MemoryGrow { .. } => Added::Grow,
            Operator::MemoryFill { .. } => Added::Fill,
            Operator::MemoryCopy { .. } => Added::Copy,
            Operator::MemoryInit { data_index, .. } if self.passive.contains(&data_index) => {
                Added::Init(data_index)
            }
            other => return utils::instruction(self, other),
        };
        Ok(Instruction::Call(self.index(added)))
    }

    fn parse_data(
        &mut self,
        data: &mut DataSection,
        datum: wasmparser::Data<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let wasmparser::DataKind::Active { offset_expr, .. } = &datum.kind else {
            return utils::parse_data(self, data, datum);
        };
        let mut operators = offset_expr.get_operators_reader();
        let Operator::I32Const { value } = operators.read()? else {
            return Err(Error::UserError("a part of its data has no fixed address"));
        };
        let offset = ConstExpr::i32_const(value.wrapping_add(MOVED.cast_signed()));
        data.active(0, &offset, datum.data.iter().copied());
        Ok(())
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        use ValType::I32;
        utils::parse_type_section(self, types, section)?;
        types.ty().function([I32; 4], [I32]);
        types.ty().function([], [I32]);
        types.ty().function([I32], [I32]);
        types.ty().function([I32; 3], []);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_function_section(self, functions, section)?;
        for wrapped in &self.wrapped {
            functions.function(wrapped.ty);
        }
        for added in self.added() {
            functions.function(self.types + added.ty());
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(REALLOC, ExportKind::Func, self.index(Added::Realloc));
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_code_section(self, code, section)?;
        for wrapped in &self.wrapped {
            code.function(&wrapped.body());
        }
        for added in self.added() {
            code.function(&added.body());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
