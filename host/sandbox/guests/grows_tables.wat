  (table $table 1 funcref)
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (loop $again
      (drop (table.grow $table (ref.null func) (i32.const 100)))
      (br $again))
    unreachable)
