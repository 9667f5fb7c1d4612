  ;; Sleeps for an hour by a timer of WASI.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $block (call $subscribe_duration (i64.const 3600000000000)))
    (call $done))
