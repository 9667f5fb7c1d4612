  (func $describe (result i32)
    (call $state_get (i32.const 48) (i32.const 4) (i32.const 192)) (i32.const 1024))
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (call $done))
