//! What can be wrong with a plugin: one table, of which the kit's refusals and their page in the documentation are made.

use std::fmt;

macro_rules! faults {
    ($($variant:ident $name:literal $what:literal $mend:literal)*) => {
        /// What is wrong with a plugin. Its name is stable: scripts may go by it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum PluginFault {
            $(#[doc = $what] $variant,)*
        }

        impl PluginFault {
            /// All of them, in the order in which they are looked for.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, in kebab-case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What is wrong, in a sentence that goes on from "the plugin".
            pub fn what(self) -> &'static str {
                match self { $(Self::$variant => $what,)* }
            }

            /// How its author mends it.
            pub fn mend(self) -> &'static str {
                match self { $(Self::$variant => $mend,)* }
            }
        }
    };
}

faults! {
    Unreadable "unreadable" "cannot be read."
        "See that the file is there and that you may read it."
    NoFile "not-a-file" "is something else than an ordinary file."
        "Name the `.wasm` file itself, not a folder, a pipe or a device."
    TooLarge "too-large" "is larger than a plugin may be."
        "Build for release, strip it, and leave out what is not needed; or raise `sandbox.plugin_file_mb`."
    Empty "empty" "has no bytes."
        "Look at what the build wrote: it has most likely failed."
    NotWasm "not-wasm" "is not a WebAssembly file."
        "Name the `.wasm` that the build wrote, not a source, a text or an archive."
    Precompiled "precompiled" "is compiled code (`.cwasm`), which is never loaded."
        "Hand over the `.wasm` that it was compiled from: each host compiles for itself."
    Damaged "damaged" "ends too early, or its inside does not hold together."
        "Build or copy it again; compare the sizes where it was copied."
    CoreModule "core-module" "is a core module of which no agent can be made."
        "Build a component, a program for `wasm32-wasip1` with a `main`, or a library that exports the contract's functions."
    ProgramWithImports "program-with-imports" "is a program that speaks in lines, and imports the contract's functions besides."
        "Make the calls in lines alone, or export `anvil:agent/agent-api` in place of a `main`."
    NeedsAsync "needs-async" "uses component-model async, which no host offers."
        "Build it with plain functions: `--sync` in componentize-qjs, no `async func` in its WIT."
    WantsHttp "wants-http" "imports HTTP: a plugin has no network."
        "Ask Claude by `anvil:agent/claude`, and hand files in with the job; leave out the library that wants HTTP."
    UnofferedImport "unoffered-import" "imports what no host offers."
        "A plugin has `anvil:agent@0.1.0` and an empty WASI 0.2 world; leave out what imports more."
    MissingExport "missing-export" "does not export `anvil:agent/agent-api@0.1.0`, so it is no agent."
        "Build it against the contract's world `agent`: `anvil plugin wit DIR` writes it."
    OtherVersion "other-version" "was built for another version of the contract."
        "Take the contract of this host (`anvil plugin wit DIR`) and build anew."
    Differs "other-types" "has a function of another type than the contract's."
        "Take the contract of this host (`anvil plugin wit DIR`) unchanged and build anew."
    Compile "cannot-compile" "cannot be compiled: it uses what this host's WebAssembly has not."
        "Build without threads, garbage collection, exceptions, 64-bit memory and relaxed SIMD."
    CompileDear "too-dear-to-compile" "takes more time or memory to compile than a host gives to it."
        "Make it smaller, or raise `sandbox.compile_s` and `sandbox.compile_memory_mb`."
    TooDemanding "too-demanding" "wants more memories, tables or instances at its start than any plugin gets."
        "Lower its initial memory, or raise the setting that is named."
    Link "cannot-link" "fits the contract and cannot be linked."
        "Build it anew with the newest tools; if that does not help, this is worth a report."
    StartFails "start-fails" "cannot be started: its start function traps, or calls the host."
        "Do at start what needs nobody; ask Claude and read settings within `run`."
    DescribeCalls "describe-calls-host" "calls the host within `describe`, which is there only while a job runs."
        "Say what the agent is from constants alone; ask within `run`."
    DescribeSlow "describe-too-slow" "takes too long to describe itself."
        "Answer with constants; prepare what takes long when the first job comes."
    DescribeLimit "describe-breaks-limit" "takes more memory, tables or resources to describe itself than it may."
        "Answer with constants; allocate what is large when a job needs it."
    DescribeTraps "describe-traps" "traps or exits while it describes itself."
        "Read the message of the panic and call `describe` in a test of your own."
    DescriptionLarge "description-too-large" "says more of itself than 256 KiB."
        "Shorten its texts and schemas; examples belong into the documentation."
    Name "bad-name" "has a name, or an action with one, that no job could ask for."
        "Take 1 to 64 characters of a-z 0-9 -, with a letter or a digit first."
    Version "bad-version" "has a version that is no semantic version."
        "Take one like `1.0.0`; of two files of one name the higher one is in force."
    NoActions "no-actions" "has no action, so there is nothing to ask of it."
        "Name at least one action in its description."
    TooManyActions "too-many-actions" "has more than 64 actions."
        "Make one action with a field that chooses, or several agents."
    DuplicateAction "duplicate-action" "has two actions of one name."
        "Rename one of them."
    SchemaNoObject "schema-not-an-object" "has a schema that is no JSON object."
        "Write the schema as a JSON object; `{}` takes everything."
    Schema "bad-schema" "has a schema that is wrong or out of the bounds that keep a check short."
        "At most 64 levels, 4,096 sub-schemas and 128 applied to one value; patterns without look-around."
    ModelFloor "bad-model-floor" "has a model floor that is none."
        "Take one of the tiers that the contract names, or leave it out."
    Extra "bad-extra" "says `time_limit_s` or `tool_loop` in another form than they have."
        "`time_limit_s` is a whole number of seconds, `tool_loop` is true or false."
    Protocol "breaks-protocol" "speaks in lines, and not as the protocol has it."
        "One JSON object a line with one key, answers read before the next call, `done` or `failed` last (docs/line-protocol.md)."
    DescribeDiffers "describe-differs" "describes itself otherwise when it is asked again."
        "Answer with constants: no random numbers, no time, no order of a hash map."
    ExampleMisses "example-misses-schema" "has an example in an input schema that does not match that schema."
        "Correct `examples` or the schema; the panel's form offers the first example."
    UnknownAction "unknown-action-accepted" "does not refuse an action that it does not have with `invalid-input`."
        "End `run` with a failure of the kind `invalid-input` for every action that is not its own."
    BadPayload "bad-payload-accepted" "succeeds at a payload that misses its own schema, or breaks at it, in place of a failure."
        "Read the payload strictly: best end with `invalid-input` where a field is missing or of another type."
    RefusesExample "refuses-example" "refuses the first example of its own input schema with `invalid-input`."
        "Give an example that `run` takes, and say in the schema what it wants: required fields, lengths, choices."
    RunTraps "run-traps" "traps or exits on a payload that matches its input schema."
        "Read the message, and end with a failure in place of a panic: it keeps its word and its message."
    RunLimit "run-breaks-limit" "breaks a limit on a payload that matches its input schema."
        "See which one: `anvil plugin run` shows what it takes; end before it, or have the host's owner raise it."
    ResultNoJson "result-not-json" "ends with a result that is no JSON."
        "Write the result with a JSON library."
    ResultMisses "result-misses-schema" "ends with a result that does not match its own output schema."
        "Correct the result or the schema: whoever reads results goes by it."
    AsksOtherwise "not-deterministic" "asks something else when it is run again with the same answers."
        "Between calls depend on payload, settings and answers alone: not on an answer's `origin`, and on nothing kept outside of the run."
    IgnoresErrors "ignores-errors" "goes on asking Claude when every answer is an error."
        "End with a failure after a few errors: the host has tried again already, and runs the job anew."
}

impl fmt::Display for PluginFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_fault_has_a_name_of_its_own_and_both_of_its_sentences() {
        let names: HashSet<_> = PluginFault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), PluginFault::ALL.len());
        for fault in PluginFault::ALL {
            let kebab = fault.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(kebab, "{fault}");
            for sentence in [fault.what(), fault.mend()] {
                assert!(sentence.ends_with('.') && sentence.len() > 10, "{fault}: {sentence}");
            }
        }
    }
}
