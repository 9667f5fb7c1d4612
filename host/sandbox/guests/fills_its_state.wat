  ;; Sets a, b, c, … until that is refused, and fails with what it was told.
  (data (i32.const 256) "a")
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (loop $again
      (call $state_set (i32.const 256) (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 192))
      (i32.store8 (i32.const 256) (i32.add (i32.load8_u (i32.const 256)) (i32.const 1)))
      (br_if $again (i32.eqz (i32.load8_u (i32.const 192)))))
    (call $fail
      (i32.load (i32.const 200)) (i32.load (i32.const 204)) (i32.load (i32.const 208)) (i32.load (i32.const 212))))
