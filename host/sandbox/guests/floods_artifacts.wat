  ;; Hands over a, b, c, … until one is refused; the number says how many were taken.
  (data (i32.const 256) "atext/plain")
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (local $n i32)
    (loop $again
      (call $artifact (i32.const 256) (i32.const 1) (i32.const 257) (i32.const 10) (i32.const 0) (i32.const 8) (i32.const 192))
      (if (i32.eqz (i32.load8_u (i32.const 192)))
        (then
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (i32.store8 (i32.const 256) (i32.add (i32.load8_u (i32.const 256)) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $n) (i32.const 26))))))
    (call $number (i64.extend_i32_u (local.get $n))))
