  ;; Wall clock seconds, then again after asking Claude; the number is 1000000 times the difference of
  ;; the monotonic clock in seconds plus the seconds of the first look.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (local $wall i64) (local $mono i64)
    (call $wall_clock (i32.const 192))
    (local.set $wall (i64.load (i32.const 192)))
    (local.set $mono (call $monotonic_clock))
    (if (i64.ne (local.get $mono) (call $monotonic_clock)) (then unreachable))
    (drop (call $ask))
    (call $number
      (i64.add
        (i64.mul (i64.const 1000000)
          (i64.div_u (i64.sub (call $monotonic_clock) (local.get $mono)) (i64.const 1000000000)))
        (local.get $wall))))
