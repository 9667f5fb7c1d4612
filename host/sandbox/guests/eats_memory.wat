  ;; Takes a page more at each turn, touches it, and never gives up.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (local $at i32)
    (loop $again
      (local.set $at (memory.grow $memory (i32.const 16)))
      (if (i32.ne (local.get $at) (i32.const -1))
        (then (memory.fill $memory (i32.mul (local.get $at) (i32.const 65536)) (i32.const 1) (i32.const 1048576))))
      (br $again))
    unreachable)
