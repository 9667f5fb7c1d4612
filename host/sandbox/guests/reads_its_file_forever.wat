  ;; How often it was given its file.
  (data (i32.const 256) "a.txt")
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (local $given i64)
    (loop $again
      (call $input (i32.const 256) (i32.const 5) (i32.const 192))
      (if (i32.eqz (i32.load8_u (i32.const 192)))
        (then
          (local.set $given (i64.add (local.get $given) (i64.const 1)))
          (br $again))))
    (call $number (local.get $given)))
