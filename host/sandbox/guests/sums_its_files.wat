  ;; The bytes of all of its files, each read, and found as long as it was told.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (local $at i32) (local $end i32) (local $sum i64)
    (call $inputs (i32.const 192))
    (local.set $at (i32.load (i32.const 192)))
    (local.set $end (i32.add (local.get $at) (i32.mul (i32.load (i32.const 196)) (i32.const 40))))
    (block $all
      (loop $next
        (br_if $all (i32.eq (local.get $at) (local.get $end)))
        (call $input (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)) (i32.const 208))
        (if (i32.load8_u (i32.const 208)) (then unreachable))
        (if (i64.ne (i64.extend_i32_u (i32.load (i32.const 216))) (i64.load offset=16 (local.get $at)))
          (then unreachable))
        (local.set $sum (i64.add (local.get $sum) (i64.load offset=16 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 40)))
        (br $next)))
    (call $number (local.get $sum)))
