//! What is no plugin at all, or was one, or is one that takes too much to compile.

use super::files::{Leads, Source, compiled, library, random};
use super::{Ending, Row, bombs, made};
use crate::harness::{agent, prebuilt};
use anvil_sandbox::testing::{GuestBuilder, ProgramBuilder, hostile, of_another_interface, with_another_run};

/// All of them.
pub(super) fn files() -> Vec<Row> {
    let (real, program) = (agent("code-generator"), ProgramBuilder::new("whole").say("{}").core_module());
    let (typescript, go) = (prebuilt("requirements-analyzer"), prebuilt("documentation-generator"));
    let quiet = GuestBuilder::quiet("whole").component();
    let compiled = compiled();
    let damaged = |name, bytes| made(name, bytes, Ending::Refused("is incomplete or damaged: "));
    let no_file = |name, bytes| made(name, bytes, Ending::Refused("is not a WebAssembly file"));
    let native =
        |name| made(name, compiled.clone(), Ending::Refused("is compiled code, which is never loaded"));
    let mut rows = vec![
        made("empty", Vec::new(), Ending::Refused("is empty")),
        no_file("a-text", b"Dear host, this is a text.".to_vec()),
        no_file("random-bytes", random(7, 60_000)),
        made("half-a-header", quiet[..6].to_vec(), Ending::Refused("it ends within its header")),
        damaged("random-behind-a-header", [&quiet[..8], &random(8, 60_000)].concat()),
        damaged("random-behind-a-programs-header", [&program[..8], &random(9, 60_000)].concat()),
        damaged("half-a-real-plugin", real[..real.len() / 2].to_vec()),
        damaged("all-but-the-last-byte", real[..real.len() - 1].to_vec()),
        damaged("half-a-plugin-in-typescript", typescript[..typescript.len() / 2].to_vec()),
        damaged("half-a-program", program[..program.len() / 2].to_vec()),
        damaged("half-a-program-in-go", go[..go.len() / 2].to_vec()),
        native("compiled-code-renamed"),
        native("compiled-code.cwasm"),
    ];
    rows.extend(not_plain_files());
    rows.extend(other_plugins());
    rows.extend(compile_bombs());
    rows
}

/// What is too large, and what leads out of the folder.
fn not_plain_files() -> Vec<Row> {
    let link = |name, leads, reason| (name, Source::Link(leads), Ending::Refused(reason));
    vec![
        (
            "two-hundred-megabytes",
            Source::Huge,
            Ending::Refused("has 200 MiB; a plugin has at most 32 MiB (`sandbox.plugin_file_mb`)"),
        ),
        link("a-link-out-of-the-folder", Leads::Out, "is not a WebAssembly file"),
        link("a-link-to-a-device", Leads::ToADevice, "is no ordinary file but a device"),
        link("a-link-to-the-folder-above", Leads::Up, "is no ordinary file but a folder"),
        link("a-link-to-itself", Leads::ToItself, "is no ordinary file but a link that leads nowhere"),
    ]
}

/// Plugins of something else than this host.
fn other_plugins() -> Vec<Row> {
    use Ending::Refused;
    vec![
        made(
            "a-library-of-something-else",
            library(),
            Refused("is a core module of which no agent can be made"),
        ),
        made("another-interface", of_another_interface(), Refused("it exports `greet`")),
        made(
            "another-run",
            with_another_run(),
            Refused("`job` is expected to be the record job, found string"),
        ),
        made(
            "imports-http",
            hostile("imports-http").component(),
            Refused("imports `wasi:http/outgoing-handler@0.2.6`"),
        ),
    ]
}

/// What is small and valid, and takes the compiler more than it is given.
fn compile_bombs() -> Vec<Row> {
    let component = |name: &'static str, wat: &str| (name, GuestBuilder::quiet(name).and(wat).component());
    let program = |name: &'static str, wat: &str| (name, ProgramBuilder::new(name).and(wat).core_module());
    let time = Ending::Delayed("takes longer than 8s to compile, the limit (`sandbox.compile_s`)");
    let memory = Ending::Delayed(
        "takes more than 256 MiB of memory to compile, the limit (`sandbox.compile_memory_mb`)",
    );
    let (long, large) = (bombs::long(), bombs::large());
    [
        (component("takes-long-to-compile", &long), &time),
        (program("a-program-that-takes-long-to-compile", &long), &time),
        (component("takes-much-memory-to-compile", &large), &memory),
        (program("a-program-that-takes-much-memory-to-compile", &large), &memory),
    ]
    .map(|((name, bytes), ending)| made(name, bytes, ending.clone()))
    .into()
}
