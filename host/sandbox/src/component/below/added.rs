//! The functions that are added to a program: what stands for its own instructions, and around those of WASI.

use super::pointers::Pointers;
use super::{HANDED_OUT, IOVEC, MOVED, PAGE, PAGES};
use wasm_encoder::{BlockType, Function, MemArg, ValType};

/// A function of WASI that is given addresses.
pub(super) struct Wrapped {
    /// Its index.
    pub(super) import: u32,
    /// Its type's index.
    pub(super) ty: u32,
    /// How many parameters it has.
    pub(super) params: u32,
    /// Which of them are addresses.
    pub(super) pointers: Pointers,
}

/// Functions that are added behind the wrappers, in this order; those for passive data follow.
#[derive(Clone, Copy)]
pub(super) enum Added {
    Realloc,
    Size,
    Grow,
    Fill,
    Copy,
    Init(u32),
}

impl Added {
    /// Its type, behind the program's own.
    pub(super) fn ty(self) -> u32 {
        match self {
            Self::Realloc => 0,
            Self::Size => 1,
            Self::Grow => 2,
            Self::Fill | Self::Copy | Self::Init(_) => 3,
        }
    }

    pub(super) fn body(self) -> Function {
        let mut body = Function::new([]);
        let mut code = body.instructions();
        match self {
            // It is asked for a page twice. More than there is room for is refused by a trap.
            Self::Realloc => {
                let end = MemArg { offset: HANDED_OUT, align: 2, memory_index: 0 };
                code.i32_const(0).i32_const(0).i32_load(end).local_get(3).i32_add().i32_store(end);
                code.i32_const(0).i32_load(end).i32_const(((PAGES - 1) * PAGE).cast_signed()).i32_gt_u();
                code.if_(BlockType::Empty).unreachable().end();
                code.i32_const(PAGE.cast_signed())
                    .i32_const(0)
                    .i32_load(end)
                    .i32_add()
                    .local_get(3)
                    .i32_sub();
            }
            Self::Size => {
                code.memory_size(0).i32_const(PAGES.cast_signed()).i32_sub();
            }
            Self::Grow => {
                code.local_get(0).memory_grow(0).local_tee(0).i32_const(-1).i32_eq();
                code.if_(BlockType::Result(ValType::I32)).i32_const(-1);
                code.else_().local_get(0).i32_const(PAGES.cast_signed()).i32_sub().end();
            }
            Self::Fill => {
                moved(&mut body, 0);
                body.instructions().local_get(1).local_get(2).memory_fill(0);
            }
            Self::Copy => {
                moved(&mut body, 0);
                moved(&mut body, 1);
                body.instructions().local_get(2).memory_copy(0, 0);
            }
            Self::Init(data) => {
                moved(&mut body, 0);
                body.instructions().local_get(1).local_get(2).memory_init(0, data);
            }
        }
        body.instructions().end();
        body
    }
}

/// Pushes an address of the program's as it is now.
fn moved(body: &mut Function, local: u32) {
    body.instructions().local_get(local).i32_const(MOVED.cast_signed()).i32_add();
}

impl Wrapped {
    /// Calls the function with addresses as they are now. Those in a list of buffers are changed for as long as it takes.
    pub(super) fn body(&self) -> Function {
        let (counter, result) = (self.params, self.params + 1);
        let mut body = Function::new([(2, ValType::I32)]);
        if let Some((list, length)) = self.pointers.buffers {
            each_buffer(&mut body, list, length, counter, MOVED.cast_signed());
        }
        for param in 0..self.params {
            if self.pointers.plain.contains(&param)
                || self.pointers.buffers.is_some_and(|(list, _)| list == param)
            {
                moved(&mut body, param);
            } else {
                body.instructions().local_get(param);
            }
        }
        body.instructions().call(self.import).local_set(result);
        if let Some((list, length)) = self.pointers.buffers {
            each_buffer(&mut body, list, length, counter, -MOVED.cast_signed());
        }
        body.instructions().local_get(result).end();
        body
    }
}

/// Adds `by` to the address of each buffer in a list.
fn each_buffer(body: &mut Function, list: u32, length: u32, counter: u32, by: i32) {
    let address = MemArg { offset: u64::from(MOVED), align: 2, memory_index: 0 };
    let at = |body: &mut Function| {
        body.instructions().local_get(list).local_get(counter).i32_const(IOVEC).i32_mul().i32_add();
    };
    body.instructions().i32_const(0).local_set(counter).block(BlockType::Empty).loop_(BlockType::Empty);
    body.instructions().local_get(counter).local_get(length).i32_ge_u().br_if(1);
    at(body);
    at(body);
    body.instructions().i32_load(address).i32_const(by).i32_add().i32_store(address);
    body.instructions().local_get(counter).i32_const(1).i32_add().local_set(counter).br(0).end().end();
}
