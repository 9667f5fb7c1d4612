  ;; One line without an end: 100 times 4 KiB.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (local $n i32) (local $out i32)
    (memory.fill $memory (i32.const 70000) (i32.const 120) (i32.const 4096))
    (local.set $out (call $stdout))
    (loop $again
      (call $write (local.get $out) (i32.const 70000) (i32.const 4096) (i32.const 192))
      (if (i32.load8_u (i32.const 192)) (then unreachable))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 100))))
    (call $done))
