  ;; Asks Claude "hello": 0 where a reply came, 1 where an error did. What came is at 192.
  (func $ask (result i32)
    (i32.store8 (i32.const 128) (i32.const 0))             ;; message: role user
    (i32.store (i32.const 132) (i32.const 144))            ;;   content
    (i32.store (i32.const 136) (i32.const 1))
    (i32.store8 (i32.const 144) (i32.const 0))             ;; block: text
    (i32.store (i32.const 148) (i32.const 56))
    (i32.store (i32.const 152) (i32.const 5))
    (call $complete
      (i32.const 0) (i32.const 0) (i32.const 0)            ;; no system
      (i32.const 128) (i32.const 1)                        ;; messages
      (i32.const 0) (i32.const 0)                          ;; no tools
      (i32.const 0) (i32.const 0)                          ;; no effort
      (i32.const 0) (i32.const 0)                          ;; no max-output-tokens
      (i32.const 0) (i32.const 0)                          ;; no stop sequences
      (i32.const 0)                                        ;; not cacheable
      (i32.const 0) (i32.const 0)                          ;; no options
      (global.get $answer))
    (i32.load8_u (global.get $answer)))
  (data (i32.const 56) "hello")
  (global $answer i32 (i32.const 4096))
