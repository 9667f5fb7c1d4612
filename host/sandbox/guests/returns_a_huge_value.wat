  ;; A result of 4 MiB.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $succeed (call $alloc (i32.const 4194304)) (i32.const 4194304)))
