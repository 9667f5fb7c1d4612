  ;; The host takes its time to store it; the guest waits within a host call.
  (data (i32.const 256) "a.txttext/plain")
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $artifact (i32.const 256) (i32.const 5) (i32.const 261) (i32.const 10) (i32.const 0) (i32.const 1) (i32.const 192))
    (call $done))
