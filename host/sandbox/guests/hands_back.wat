  ;; Hands work back to the agent that leads it, `asker`; the number is 1 where that is refused.
  (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $team_run
      (i32.const 300) (i32.const 5)                        ;; agent
      (i32.const 310) (i32.const 3)                        ;; action
      (i32.const 320) (i32.const 14)                       ;; payload
      (i32.const 0) (i64.const 0)                          ;; no cap of its own
      (i32.const 0) (i32.const 0)                          ;; no extras
      (i32.const 4096))
    (call $number (i64.extend_i32_u (i32.load8_u (i32.const 4096)))))
  (data (i32.const 300) "asker")
  (data (i32.const 310) "ask")
  (data (i32.const 320) "{\"prompt\":\"x\"}")
