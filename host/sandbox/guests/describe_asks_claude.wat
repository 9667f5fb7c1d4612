  (func $describe (result i32) (drop (call $ask)) (i32.const 1024))
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (call $done))
