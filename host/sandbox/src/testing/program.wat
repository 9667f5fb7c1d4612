  ;; What every program of the tests has. 0..64 scratch, from 1024 its texts, from 65536 what it heard last.
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 4)
  (global $heard (mut i32) (i32.const 0))

  (func $write (param $file i32) (param $at i32) (param $length i32)
    (loop $more
      (i32.store (i32.const 0) (local.get $at))
      (i32.store (i32.const 4) (local.get $length))
      (if (call $fd_write (local.get $file) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
      (local.set $length (i32.sub (local.get $length) (i32.load (i32.const 8))))
      (br_if $more (local.get $length))))

  ;; Reads byte by byte up to the end of a line, which is heard too; at the end of the input nothing.
  (func $hear (result i32)
    (global.set $heard (i32.const 0))
    (block $ended
      (loop $more
        (i32.store (i32.const 0) (i32.add (i32.const 65536) (global.get $heard)))
        (i32.store (i32.const 4) (i32.const 1))
        (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
        (br_if $ended (i32.eqz (i32.load (i32.const 8))))
        (global.set $heard (i32.add (global.get $heard) (i32.const 1)))
        (br_if $more (i32.ne (i32.load8_u (i32.add (i32.const 65535) (global.get $heard))) (i32.const 10)))))
    (global.get $heard))

  ;; `{"describe"` or `{"run"`.
  (func (export "_start")
    (drop (call $hear))
    (if (i32.eq (i32.load8_u (i32.const 65538)) (i32.const 100))
      (then (call $describe) (drop (call $hear)))
      (else (call $run))))
