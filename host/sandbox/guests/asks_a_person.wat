  ;; Asks "Ship it?" with the choices "yes" and "no", and some details; its result is the answer. Without one it fails
  ;; with the kind of the error.
  ;; The question at 256 has 80 bytes: prompt, details, choices, schema, time limit, default, extras. A choice has 28:
  ;; value, label, extras.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (i32.store (i32.const 256) (i32.const 512))
    (i32.store (i32.const 260) (i32.const 8))
    (i32.store8 (i32.const 264) (i32.const 1))
    (i32.store (i32.const 268) (i32.const 544))
    (i32.store (i32.const 272) (i32.const 42))
    (i32.store (i32.const 276) (i32.const 344))
    (i32.store (i32.const 280) (i32.const 2))
    (i32.store (i32.const 344) (i32.const 520))            ;; "yes"
    (i32.store (i32.const 348) (i32.const 3))
    (i32.store (i32.const 372) (i32.const 528))            ;; "no"
    (i32.store (i32.const 376) (i32.const 2))
    (call $people (i32.const 256) (i32.const 8192))
    (if (result i32) (i32.load8_u (i32.const 8192))
      (then
        (call $fail
          (i32.load (i32.const 8196)) (i32.load (i32.const 8200))
          (i32.load (i32.const 8204)) (i32.load (i32.const 8208))))
      (else (call $succeed (i32.load (i32.const 8196)) (i32.load (i32.const 8200))))))
  (data (i32.const 512) "Ship it?yes")
  (data (i32.const 528) "no")
  (data (i32.const 544) "**Now** <b>or</b> [never](http://x.test).\n")
