//! Files that are no plugins, each refused with its reason.

use crate::bench::Bench;
use anvil_sandbox::testing::{GuestBuilder, ProgramBuilder, hostile, of_another_interface, with_another_run};

async fn refusal(bytes: &[u8]) -> String {
    let bench = Bench::with(&[]).await;
    let file = bench.folders.path().join("x.wasm");
    std::fs::write(&file, bytes).unwrap();
    bench.catalog.check(&file).await.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_that_is_no_plugin_says_why() {
    let whole = GuestBuilder::quiet("quiet").component();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "is empty"),
        ("text", b"hello".to_vec(), "is not a WebAssembly file"),
        ("header", whole[..6].to_vec(), "is incomplete or damaged: it ends within its header"),
        ("half", whole[..whole.len() / 2].to_vec(), "is incomplete or damaged: "),
        ("module", b"\0asm\x01\0\0\0".to_vec(), "is a core module of which no agent can be made: "),
        (
            "program that breaks off",
            ProgramBuilder::new("p").describing("{\"description\":").core_module(),
            "cannot describe itself: protocol: it wrote a line that begins as an object and is none",
        ),
        (
            "program that is done",
            ProgramBuilder::new("p").describing("{\"done\":1}").core_module(),
            "cannot describe itself: protocol: its last line is `done`; it was asked for `description`",
        ),
        (
            "program that asks while it describes itself",
            ProgramBuilder::new("p").describing("{\"job.whoami\":{}}").core_module(),
            "`describe` called `job.whoami`",
        ),
        (
            "program without schemas",
            ProgramBuilder::new("p")
                .describing(
                    r#"{"description":{"name":"p","version":"1.0.0","summary":"","actions":[{"name":"a"}]}}"#,
                )
                .core_module(),
            "its line `description` is not as the protocol has it: missing field `summary`",
        ),
        ("native", b"\x7fELF and so on".to_vec(), "is compiled code, which is never loaded"),
        (
            "large",
            vec![0; 1024 * 1024 + 1],
            "has 1 byte more than 1 MiB; a plugin has at most 1 MiB (`sandbox.plugin_file_mb`)",
        ),
        (
            "greeter",
            of_another_interface(),
            "does not export `anvil:agent/agent-api@0.1.0`, so it is no agent; it exports `greet`",
        ),
        (
            "run",
            with_another_run(),
            "has another `anvil:agent/agent-api@0.1.0.run` than the contract: `job` is expected to be the record job, found string",
        ),
        (
            "http",
            hostile("imports-http").component(),
            "imports `wasi:http/outgoing-handler@0.2.6`, which this host does not offer",
        ),
        ("spins", hostile("describe-spins").component(), "its limit (`sandbox.describe_s`)"),
        (
            "start",
            GuestBuilder::quiet("start")
                .and("(func $grows (loop $on (drop (memory.grow (i32.const 1))) (br $on))) (start $grows)")
                .component(),
            "its limit is 8 MiB while it describes itself, which no setting raises",
        ),
        ("traps", hostile("describe-traps").component(), "cannot describe itself: trap: "),
        ("reads", hostile("describe-reads-its-state").component(), "`describe` called `state.get`"),
        ("asks", hostile("describe-asks-claude").component(), "`describe` called `claude.complete`"),
        (
            "name",
            GuestBuilder::quiet("No Name").component(),
            "describes itself wrongly: the agent's name is `No Name`",
        ),
        (
            "option",
            GuestBuilder::quiet("--help").component(),
            "the agent's name is `--help`; it has 1 to 64 characters of a-z 0-9 -, and begins with a letter or a digit",
        ),
        (
            "version",
            GuestBuilder::quiet("q").version("one").component(),
            "its version `one` is no semantic version",
        ),
    ];
    for (name, bytes, says) in cases {
        let reason = refusal(&bytes).await;
        assert!(reason.contains(says), "{name}: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_prefix_of_a_plugin_is_refused() {
    let bench = Bench::with(&[]).await;
    let whole = hostile("asks-claude").component();
    let file = bench.folders.path().join("x.wasm");
    for length in (0..whole.len()).step_by(97) {
        std::fs::write(&file, &whole[..length]).unwrap();
        assert!(bench.catalog.check(&file).await.is_err(), "the first {length} bytes pass");
    }
}
