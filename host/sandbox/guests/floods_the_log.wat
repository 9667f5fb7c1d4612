  (data (i32.const 256) "a line of forty bytes, again and again...")
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (local $n i32)
    (loop $again
      (call $log (i32.const 1) (i32.const 256) (i32.const 40))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 5000))))
    (call $done))
