  ;; What every guest of the tests has: memory, an allocator, a description, ways to answer.
  ;; 0..256 scratch, 256..1024 for the guest's own texts, from 1024 the description, from 65536 the heap.
  (memory $memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 65536))

  (func $alloc (param $bytes i32) (result i32) (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap (i32.and (i32.add (i32.add (local.get $at) (local.get $bytes)) (i32.const 7)) (i32.const -8)))
    (loop $more
      (if (i32.gt_u (global.get $heap) (i32.mul (memory.size $memory) (i32.const 65536)))
        (then
          (if (i32.eq (memory.grow $memory (i32.const 1)) (i32.const -1)) (then unreachable))
          (br $more))))
    (local.get $at))

  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (call $alloc (local.get $size)))
    (if (local.get $old)
      (then (memory.copy $memory $memory (local.get $at) (local.get $old) (local.get $old_size))))
    (local.get $at))

  ;; The result of `run`: this JSON.
  (func $succeed (param $text i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get $text))
    (i32.store (i32.const 24) (local.get $length))
    (i64.store (i32.const 28) (i64.const 0))
    (i32.const 16))

  ;; The result of `run`: `true`.
  (func $done (result i32) (call $succeed (i32.const 48) (i32.const 4)))
  (data (i32.const 48) "true")

  ;; The result of `run`: a failure of this kind.
  (func $fail (param $kind i32) (param $kind_length i32) (param $text i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 16) (i32.const 1))
    (i32.store (i32.const 20) (local.get $kind))
    (i32.store (i32.const 24) (local.get $kind_length))
    (i32.store (i32.const 28) (local.get $text))
    (i32.store (i32.const 32) (local.get $length))
    (i64.store (i32.const 36) (i64.const 0))
    (i32.const 16))

  ;; The result of `run`: this number.
  (func $number (param $n i64) (result i32) (local $at i32)
    (local.set $at (i32.const 96))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 10)))))
      (local.set $n (i64.div_u (local.get $n) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $n) (i64.const 0))))
    (call $succeed (local.get $at) (i32.sub (i32.const 96) (local.get $at))))
