  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (loop $again
      (drop (call $subscribe_duration (i64.const 1000000000)))
      (br $again))
    unreachable)
