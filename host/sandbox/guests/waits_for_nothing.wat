  ;; Computes for most of a tick, then waits for a timer that has run out, and again: it looks like a
  ;; guest that waits.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (local $n i32)
    (loop $again
      (local.set $n (i32.const 3000000))
      (loop $count (br_if $count (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (call $block_and_drop (call $subscribe_duration (i64.const 0)))
      (br $again))
    unreachable)
  (func $block_and_drop (param $timer i32)
    (call $block (local.get $timer))
    (call $drop (local.get $timer)))
