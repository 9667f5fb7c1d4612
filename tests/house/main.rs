//! The rules of the house: who may know whom, who alone may know what, and what the papers beside the code say.

mod alerts;
mod circles;
mod documents;
mod door;
mod imports;
mod names;
mod reasons;
mod vocabulary;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each crate of the house and the crates of the house that it may use.
const HOUSE: &[(&str, &[&str])] = &[
    ("anvil-types", &[]),
    // Rules about texts: whose they are, and what they cost, is for others to know.
    ("anvil-compress", &[]),
    ("anvil-budget", &["anvil-types"]),
    // Who goes when, decided for the gateway and the runner, who carry it out.
    ("anvil-pace", &["anvil-types", "anvil-budget"]),
    ("anvil-settings", &["anvil-types", "anvil-budget"]),
    ("anvil-store", &["anvil-types", "anvil-budget"]),
    ("anvil-gateway", &["anvil-types", "anvil-compress", "anvil-budget", "anvil-pace", "anvil-store"]),
    // Webhooks are delivered without a word of money or Claude.
    ("anvil-alerts", &["anvil-types", "anvil-store"]),
    // What clients and host say to each other, whatever stands behind it.
    ("anvil-api", &["anvil-types", "anvil-budget"]),
    // It drives what decides, and neither stores, sends nor runs anything.
    ("anvil-plan", &["anvil-types", "anvil-budget", "anvil-pace", "anvil-api"]),
    // What runs guests knows neither money nor SQL nor HTTP.
    ("anvil-sandbox", &["anvil-types"]),
    // What runs jobs serves nobody: it knows neither `control` nor the faces.
    (
        "anvil-runner",
        &["anvil-types", "anvil-pace", "anvil-api", "anvil-store", "anvil-gateway", "anvil-sandbox"],
    ),
    (
        "anvil-control",
        &[
            "anvil-types",
            "anvil-budget",
            "anvil-plan",
            "anvil-api",
            "anvil-store",
            "anvil-gateway",
            "anvil-alerts",
            "anvil-sandbox",
            "anvil-runner",
        ],
    ),
    // Its bill is a second opinion only while it shares no arithmetic with the first.
    ("anvil-sim", &[]),
    // It asks `control` and never what runs jobs, and reads the words that the answers are made of.
    ("anvil-web", &["anvil-types", "anvil-budget", "anvil-api", "anvil-store", "anvil-control"]),
    (
        "anvil",
        &[
            "anvil-types",
            "anvil-budget",
            "anvil-settings",
            "anvil-plan",
            "anvil-api",
            "anvil-store",
            "anvil-gateway",
            "anvil-sandbox",
            "anvil-alerts",
            "anvil-runner",
            "anvil-control",
            "anvil-sim",
            "anvil-web",
        ],
    ),
    ("code-generator", &[]),
    ("feature-team", &[]),
    // An agent for tests.
    ("asker", &[]),
    ("every-function", &[]),
    ("player", &[]),
    // What the tests drive readers with.
    ("anvil-fuzz", &[]),
];

/// What only some may use: the crate, those that may, and what would be broken.
const RESERVED: &[(&str, &[&str], &str)] = &[
    (
        "utoipa",
        &["anvil-types", "anvil-budget", "anvil-api", "anvil-web"],
        "schemas stand with the words that the API speaks",
    ),
    ("rusqlite", &["anvil-store"], "only the store has SQL"),
    ("wasmtime", &["anvil-sandbox"], "only the sandbox knows Wasm"),
    ("wasmtime-wasi", &["anvil-sandbox"], "only the sandbox knows Wasm"),
    ("rustc-demangle", &["anvil-sandbox"], "names of a plugin's functions are read where it traps"),
    ("cpp_demangle", &["anvil-sandbox"], "names of a plugin's functions are read where it traps"),
    ("wasmparser", &["anvil-sandbox"], "only the sandbox knows Wasm"),
    ("wit-parser", &["anvil-sandbox"], "only the sandbox knows Wasm"),
    ("wasm-encoder", &["anvil-sandbox"], "only the sandbox knows Wasm"),
    ("wit-component", &["anvil-sandbox"], "only the sandbox knows Wasm"),
    (
        "wit-bindgen",
        &["code-generator", "feature-team", "asker", "every-function", "player"],
        "guest bindings belong in plugins",
    ),
    ("governor", &["anvil-pace"], "what paces requests stands in one room"),
    ("axum", &["anvil-web"], "only the web serves HTTP to people and clients"),
    ("hyper", &["anvil-sim", "anvil-web"], "only the simulator and the web serve HTTP"),
    // The command line talks to the running host, and webhooks are delivered by alerts, which has no API
    // key; Claude is asked by the gateway alone.
    ("reqwest", &["anvil-gateway", "anvil-alerts", "anvil"], "there is no second path to Claude"),
];

/// What pure policy must do without.
const IMPURE: &[&str] = &["tokio", "rand", "reqwest", "rusqlite", "tracing"];

struct Package {
    name: String,
    /// Its folder.
    folder: PathBuf,
    /// What the shipped code uses.
    uses: BTreeSet<String>,
    /// What its tests use beside that.
    tests_use: BTreeSet<String>,
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON");
    metadata["packages"].as_array().expect("a list of packages").iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let names = |tests: bool| {
        let dependencies = package["dependencies"].as_array().expect("a list of dependencies").iter();
        dependencies
            .filter(|dependency| (dependency["kind"] == "dev") == tests)
            .map(|dependency| dependency["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    let name = package["name"].as_str().expect("a name").to_owned();
    let manifest = Path::new(package["manifest_path"].as_str().expect("a path"));
    let folder = manifest.parent().expect("a manifest is in a folder").to_owned();
    Package { name, folder, uses: names(false), tests_use: names(true) }
}

/// All sources below these folders, each with its text.
fn texts_below(mut left: Vec<PathBuf>) -> Vec<(PathBuf, String)> {
    let mut texts = Vec::new();
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path);
            } else {
                let text = std::fs::read_to_string(&path).expect("a file of text");
                texts.push((path, text));
            }
        }
    }
    texts
}

/// The folder of a crate's sources.
fn source_of(name: &str) -> PathBuf {
    sources().into_iter().find(|(known, _)| known == name).expect("it is a crate of the house").1
}

/// The crates of the house and the folder of each one's sources.
fn sources() -> Vec<(String, PathBuf)> {
    packages().into_iter().map(|package| (package.name, package.folder.join("src"))).collect()
}

#[test]
fn each_crate_uses_only_the_rooms_that_it_may_know() {
    let rooms: BTreeMap<&str, &[&str]> = HOUSE.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in packages() {
        let Some(may) = rooms.get(package.name.as_str()) else {
            wrong.push(format!("`{}` has no row in this table: say what it may use", package.name));
            continue;
        };
        for used in package.uses.iter().filter(|used| rooms.contains_key(used.as_str())) {
            if !may.contains(&used.as_str()) {
                wrong.push(format!("`{}` uses `{used}`, but may use only {may:?}", package.name));
            }
        }
    }
    assert!(wrong.is_empty(), "the dependency rule is broken:\n{}", wrong.join("\n"));
}

#[test]
fn the_simulator_knows_no_crate_of_the_house_even_in_its_tests() {
    let all = packages();
    let sim = all.iter().find(|package| package.name == "anvil-sim").expect("the simulator is a package");
    let known: Vec<_> =
        sim.uses.union(&sim.tests_use).filter(|used| HOUSE.iter().any(|(room, _)| room == used)).collect();
    assert!(known.is_empty(), "the simulator uses {known:?}, so its bill is no second opinion");
}

#[test]
fn what_is_reserved_for_one_room_is_used_by_no_other() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for package in packages() {
        for (reserved, may, why) in RESERVED.iter().filter(|(reserved, ..)| package.uses.contains(*reserved))
        {
            seen.insert(*reserved);
            if !may.contains(&package.name.as_str()) {
                wrong.push(format!("`{}` uses `{reserved}`, but {why}", package.name));
            }
        }
    }
    assert!(wrong.is_empty(), "the dependency rule is broken:\n{}", wrong.join("\n"));
    for (reserved, may, _) in RESERVED {
        assert!(
            seen.contains(reserved),
            "nothing uses `{reserved}`, not even {may:?}: its row guards nothing"
        );
    }
}

#[test]
fn policy_has_no_clock_randomness_or_network() {
    let pure = ["anvil-compress", "anvil-budget", "anvil-pace"];
    for package in packages().iter().filter(|package| pure.contains(&package.name.as_str())) {
        let found: Vec<_> = IMPURE.iter().filter(|impure| package.uses.contains(**impure)).collect();
        assert!(found.is_empty(), "`{}` is pure policy, but uses {found:?}", package.name);
    }
}

#[test]
fn a_role_of_the_store_is_small_enough_to_hold_in_mind() {
    const MOST: usize = 25;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let folder = root
        .map(|folder| folder.join("host/store/src/roles"))
        .find(|folder| folder.is_dir())
        .expect("the roles are files of the store");
    let mut roles = 0;
    for file in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = file.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a file of text");
        let functions =
            text.lines().filter(|line| line.starts_with("    async fn ") || line.starts_with("    fn "));
        let functions = functions.count();
        roles += usize::from(functions > 0);
        assert!(functions <= MOST, "{} has {functions} functions; a role has {MOST} at most", path.display());
    }
    assert!(roles > 5, "the contract comes in parts: {roles} were found");
}

#[test]
fn what_the_store_decides_and_reads_names_no_database_library() {
    let src = source_of("anvil-store");
    let texts = texts_below(["rules", "reading", "roles"].map(|room| src.join(room)).into());
    for (path, text) in &texts {
        assert!(
            !text.contains("rusqlite"),
            "{} names a database library: `engine` stands between",
            path.display()
        );
    }
    assert!(texts.len() > 40, "only {} files were looked at", texts.len());
}

#[test]
fn what_may_be_asked_stands_by_noun_and_no_handle_has_everything() {
    const MOST: usize = 15;
    let mut handles = 0;
    for (path, text) in texts_below(["anvil-control", "anvil-runner"].map(source_of).into()) {
        let functions = text
            .lines()
            .filter(|line| line.starts_with("    pub fn ") || line.starts_with("    pub async fn "))
            .count();
        handles += usize::from(functions > 0);
        assert!(
            functions <= MOST,
            "{} answers {functions} questions; a noun has {MOST} at most",
            path.display()
        );
    }
    assert!(handles > 15, "each noun has its own: {handles} were found");
}
