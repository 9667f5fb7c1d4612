  ;; A line of 4 MiB.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $log (i32.const 1) (call $alloc (i32.const 4194304)) (i32.const 4194304))
    (call $done))
