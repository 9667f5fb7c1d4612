  (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (drop (call $http (i32.const 0))) (call $done))
