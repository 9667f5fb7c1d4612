  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $number (i64.xor (call $random) (i64.rotl (call $insecure_random) (i64.const 7)))))
