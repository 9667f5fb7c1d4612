//! What toolchains emit: each is on, and what none of them emits is refused by a sentence.

use crate::bench::Bench;
use anvil_sandbox::testing::GuestBuilder;

async fn checked(extra: &str) -> Result<String, String> {
    let bench = Bench::with(&[]).await;
    let file = bench.folders.path().join("x.wasm");
    let quiet = "(func $run (param i32 i32 i32 i32 i32 i32) (result i32) (call $done))";
    std::fs::write(&file, GuestBuilder::new("guest", &format!("{quiet}\n{extra}")).component()).unwrap();
    bench.catalog.check(&file).await.map(|info| info.name).map_err(|rejection| rejection.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_supported_toolchains_emit_is_on() {
    for (toolchain, extra) in [
        ("componentize-qjs --opt-size: tail calls", "(func $tc (return_call $tc))"),
        (
            "componentize-qjs --opt-size: tail calls by table",
            "(type $t (func)) (table $tt 1 funcref) (func (return_call_indirect $tt (type $t) (i32.const 0)))",
        ),
        ("componentize-js: SIMD", "(func (drop (i8x16.popcnt (v128.const i64x2 0 0))))"),
        ("rustc, clang: bulk memory", "(func (memory.fill (i32.const 64) (i32.const 0) (i32.const 8)))"),
        ("rustc, clang: sign extension", "(func (drop (i32.extend8_s (i32.const 1))))"),
        ("rustc, clang: saturating conversions", "(func (drop (i32.trunc_sat_f64_s (f64.const 1))))"),
        ("rustc, clang: several results", "(func (result i32 i32) (i32.const 1) (i32.const 2))"),
        (
            "rustc, clang: tables of references",
            "(table $r 2 funcref) (func (drop (table.get $r (i32.const 0))))",
        ),
        ("zig, clang: mutable globals", "(global $g (export \"g\") (mut i32) (i32.const 0))"),
        ("clang: constants with arithmetic", "(global $e i32 (i32.add (i32.const 1) (i32.const 2)))"),
    ] {
        assert_eq!(checked(extra).await.as_deref(), Ok("guest"), "{toolchain}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_none_of_them_emits_is_refused_by_a_sentence() {
    for (feature, extra, says) in [
        (
            "relaxed SIMD",
            "(func (drop (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0))))",
            "relaxed SIMD",
        ),
        ("threads", "(func (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 1))))", "threads"),
        ("exceptions", "(tag $t) (func (throw $t))", "exceptions"),
    ] {
        let refusal = checked(extra).await.expect_err(feature);
        assert!(
            refusal.starts_with("cannot be compiled: ") && refusal.contains(says),
            "{feature}: {refusal}"
        );
    }
}
