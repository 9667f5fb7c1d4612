//! What is moved, and what is left.

use super::*;
use wasmparser::Validator;

fn moved(text: &str) -> Result<Option<Vec<u8>>, String> {
    let moved = with_room_below(&wat::parse_str(text).expect("a module"))?;
    if let Some(module) = &moved {
        Validator::new().validate_all(module).expect("what is made is valid");
    }
    Ok(moved)
}

#[test]
fn all_that_names_an_address_is_moved() {
    let module = moved(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
            (memory (export "memory") 1 9) (table funcref (elem $write $close))
            (data (i32.const 8) "a") (data $later "b")
            (func (export "_start")
                (i32.store8 offset=4 (i32.const 8) (i32.load8_u (i32.const 8)))
                (memory.init $later (i32.const 1) (i32.const 0) (i32.const 1)) (data.drop $later)
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                (drop (call $close (i32.const 1)))))"#,
    );
    let text = addresses(&module.expect("it can be moved").expect("it has to be"));
    assert_eq!(text, ["memory 4 12", "data 196616", "load 196608", "store 196612", "call 9 3 1"]);
}

/// What of the module shows an address: its memory, its data, and the program's own accesses and calls.
fn addresses(module: &[u8]) -> Vec<String> {
    let mut said = Vec::new();
    let mut calls = String::from("call");
    let mut bodies = 0;
    for payload in Parser::new(0).parse_all(module) {
        match payload.expect("it is valid") {
            Payload::MemorySection(memories) => {
                for memory in memories.into_iter().flatten() {
                    said.push(format!("memory {} {}", memory.initial, memory.maximum.unwrap_or(0)));
                }
            }
            Payload::DataSection(data) => {
                for datum in data.into_iter().flatten() {
                    if let wasmparser::DataKind::Active { offset_expr, .. } = datum.kind
                        && let Ok(Operator::I32Const { value }) = offset_expr.get_operators_reader().read()
                    {
                        said.insert(1, format!("data {value}"));
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                bodies += 1;
                for operator in body.get_operators_reader().expect("operators").into_iter().flatten() {
                    match operator {
                        _ if bodies > 1 => {}
                        Operator::I32Store8 { memarg } => said.push(format!("store {}", memarg.offset)),
                        Operator::I32Load8U { memarg } => said.push(format!("load {}", memarg.offset)),
                        Operator::Call { function_index } => {
                            calls.push(' ');
                            calls.push_str(&function_index.to_string());
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    said.push(calls);
    said
}

#[test]
fn what_needs_no_room_or_can_have_none_is_left_as_it_is() {
    for text in [
        r#"(module (func (export "_start")))"#,
        r#"(module (import "env" "memory" (memory 1)) (func (export "_start")))"#,
        r#"(module (memory 1) (func (export "_start"))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8)))"#,
        r#"(module (memory 1) (memory 1) (func (export "_start")))"#,
    ] {
        assert_eq!(moved(text), Ok(None), "{text}");
    }
    let odd = r#"(module (memory 1) (func (export "_start")
        (drop (i32.load offset=0xffffffff (i32.const 0)))))"#;
    assert!(moved(odd).is_err_and(|error| error.contains("at the very end of memory")));
}
