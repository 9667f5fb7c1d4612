  ;; Neither memory alone is over the limit.
  (memory $second 1)
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (loop $again
      (drop (memory.grow $memory (i32.const 16)))
      (drop (memory.grow $second (i32.const 16)))
      (br $again))
    unreachable)
