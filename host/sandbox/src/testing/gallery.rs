//! The hostile guests of `guests/`, each named for its crime.

use super::{GuestBuilder, ProgramBuilder, of_another_interface};

/// Every guest of `guests/`: the agent's name and its WAT.
pub const GUESTS: &[(&str, &str)] = &[
    ("asks-a-person", include_str!("../../guests/asks_a_person.wat")),
    ("asks-claude", include_str!("../../guests/asks_claude.wat")),
    ("asks-people-a-million-times", include_str!("../../guests/asks_people_a_million_times.wat")),
    ("describe-asks-claude", include_str!("../../guests/describe_asks_claude.wat")),
    ("describe-reads-its-state", include_str!("../../guests/describe_reads_its_state.wat")),
    ("describe-spins", include_str!("../../guests/describe_spins.wat")),
    ("describe-traps", include_str!("../../guests/describe_traps.wat")),
    ("draws-a-number", include_str!("../../guests/draws_a_number.wat")),
    ("eats-memory", include_str!("../../guests/eats_memory.wat")),
    ("eats-memory-in-two-memories", include_str!("../../guests/eats_memory_in_two_memories.wat")),
    ("exits", include_str!("../../guests/exits.wat")),
    ("fails", include_str!("../../guests/fails.wat")),
    ("fills-its-state", include_str!("../../guests/fills_its_state.wat")),
    ("floods-artifacts", include_str!("../../guests/floods_artifacts.wat")),
    ("floods-stdout", include_str!("../../guests/floods_stdout.wat")),
    ("floods-the-log", include_str!("../../guests/floods_the_log.wat")),
    ("grows-tables", include_str!("../../guests/grows_tables.wat")),
    ("hands-over-a-file-that-takes-long", include_str!("../../guests/hands_over_a_file_that_takes_long.wat")),
    ("hands-back", include_str!("../../guests/hands_back.wat")),
    ("hoards-resources", include_str!("../../guests/hoards_resources.wat")),
    ("imports-http", include_str!("../../guests/imports_http.wat")),
    ("logs-a-huge-value", include_str!("../../guests/logs_a_huge_value.wat")),
    ("names-an-artifact-dotdot", include_str!("../../guests/names_an_artifact_dotdot.wat")),
    ("names-an-input-dotdot", include_str!("../../guests/names_an_input_dotdot.wat")),
    ("reads-its-file-forever", include_str!("../../guests/reads_its_file_forever.wat")),
    ("recurses", include_str!("../../guests/recurses.wat")),
    ("returns-a-huge-value", include_str!("../../guests/returns_a_huge_value.wat")),
    ("returns-no-json", include_str!("../../guests/returns_no_json.wat")),
    ("sleeps-in-a-host-call", include_str!("../../guests/sleeps_in_a_host_call.wat")),
    ("spins-forever", include_str!("../../guests/spins_forever.wat")),
    ("sums-its-files", include_str!("../../guests/sums_its_files.wat")),
    ("tells-the-time", include_str!("../../guests/tells_the_time.wat")),
    ("traps", include_str!("../../guests/traps.wat")),
    ("waits-for-nothing", include_str!("../../guests/waits_for_nothing.wat")),
];

/// The guest of this name, ready to build. Names are those of the files, with `-` for `_`.
pub fn hostile(name: &str) -> GuestBuilder {
    let found = GUESTS.iter().find(|(guest, _)| *guest == name);
    let (name, wat) = found.unwrap_or_else(|| panic!("there is no guest `{name}` in guests/"));
    GuestBuilder::new(name, wat)
}

/// A plugin of each kind that the tests build, small and whole, by name: all guests as components, some as libraries, and
/// programs.
pub fn of_every_kind() -> Vec<(&'static str, Vec<u8>)> {
    let program = ProgramBuilder::new("program");
    let asking = program.clone().say("{\"job.whoami\":{}}").hear().say("{\"done\":1}");
    let components = GUESTS.iter().map(|(name, _)| (*name, hostile(name).component()));
    let others = [
        ("library", GuestBuilder::quiet("library").core_module()),
        ("library-that-asks", hostile("asks-claude").core_module()),
        ("program", program.core_module()),
        ("program-that-asks", asking.core_module()),
        ("another-interface", of_another_interface()),
    ];
    components.chain(others).collect()
}
