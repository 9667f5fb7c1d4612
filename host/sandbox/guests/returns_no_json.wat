  (data (i32.const 256) "{not json")
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (call $succeed (i32.const 256) (i32.const 9)))
