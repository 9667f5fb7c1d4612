;; An agent of the trial version: asks once, with what 0.1.0 has no words for, and its result is the answer.
(module
  (import "anvil:agent/claude@0.2.0-trial" "complete" (func $complete (param i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 65536))

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap (i32.and (i32.add (i32.add (local.get $at) (local.get 3)) (i32.const 7)) (i32.const -8)))
    (local.get $at))

  ;; name, version and one action: each a text's place and length.
  (data (i32.const 0) "\00\01\00\00\05\00\00\00" "\08\01\00\00\05\00\00\00" "\20\00\00\00\01\00\00\00")
  (data (i32.const 32) "\10\01\00\00\03\00\00\00" "\18\01\00\00\02\00\00\00" "\18\01\00\00\02\00\00\00")
  (data (i32.const 256) "later\00\00\00" "2.0.0\00\00\00" "run\00\00\00\00\00" "{}")
  (func (export "anvil:agent/agent-api@0.2.0-trial#describe") (result i32) (i32.const 0))

  ;; The prompt, and two rules.
  (data (i32.const 512) "Say it." "Be brief." "Be kind.")
  (data (i32.const 560) "\07\02\00\00\09\00\00\00" "\10\02\00\00\08\00\00\00")
  (func (export "anvil:agent/agent-api@0.2.0-trial#run") (param i32 i32 i32 i32) (result i32)
    (call $complete (i32.const 512) (i32.const 7) (i32.const 560) (i32.const 2) (i32.const 3) (i32.const 600))
    ;; A result of a text is laid out as a result of a record of one text.
    (i32.const 600)))
