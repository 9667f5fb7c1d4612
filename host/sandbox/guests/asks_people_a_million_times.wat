  ;; Asks people a million times; the number is how many answers it got.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (local $n i32) (local $answers i64)
    (i32.store (i32.const 256) (i32.const 512))
    (i32.store (i32.const 260) (i32.const 8))
    (loop $again
      (global.set $heap (i32.const 65536))
      (call $people (i32.const 256) (i32.const 8192))
      (if (i32.eqz (i32.load8_u (i32.const 8192)))
        (then (local.set $answers (i64.add (local.get $answers) (i64.const 1)))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 1000000))))
    (call $number (local.get $answers)))
  (data (i32.const 512) "Ship it?")
