  (data (i32.const 256) "invalid-inputthe payload has no field")
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $fail (i32.const 256) (i32.const 13) (i32.const 269) (i32.const 24)))
