//! What is not of one noun: pipes, completions, export and import, the doctor.

use crate::host::{Answer, Host, Ran, anvil};
use crate::samples::ID;
use anvil_sandbox::testing::{GuestBuilder, ProgramBuilder};
use serde_json::{Value, json};

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = anvil()
        .args(["completions", "bash"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("anvil runs");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("an end");
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = anvil().args(["completions", shell]).output().expect("anvil runs");
        let script = String::from_utf8_lossy(&output.stdout);
        assert!(script.contains("submit") && !script.contains("compile-plugin --"), "{shell}");
    }
}

#[test]
fn an_export_is_a_file_when_it_is_whole_and_an_import_tells_what_came() {
    let lines = "{\"anvil_export\":1}\n{\"id\":\"a\"}\n";
    let jsonl = "application/jsonl";
    let came = |line: u64, how: &str| json!({ "line": line, "came": how, "id": ID, "state": "succeeded", "status": 200 });
    let told = [
        came(2, "new"),
        came(3, "submitted"),
        came(4, "existing"),
        json!({ "line": 5, "status": 409, "title": "There is another job", "detail": "its agent differs" }),
    ];
    let told = format!("{}\n", told.map(|line| line.to_string()).join("\n"));
    let host = Host::start()
        .answers("GET /api/v1/jobs/export", Answer(200, jsonl, lines.to_owned()))
        .answers("POST /api/v1/jobs/import", Answer(200, jsonl, told));
    assert_eq!(host.anvil(&["jobs", "export", "--state", "failed", "--files"]).out, lines);
    assert_eq!(host.asked()[0].target, "/api/v1/jobs/export?state=failed&files=true");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("jobs.jsonl");
    let path = file.to_str().expect("a path");
    let ran = host.anvil(&["jobs", "export", "--out", path]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", "1 jobs exported\n"));
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), lines);
    let ran = host.anvil(&["jobs", "export", "--out", path]);
    assert!(ran.code == 2 && ran.err.contains("--force writes over it"), "{ran:?}");
    let ran = host.anvil(&["jobs", "import", path]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(ran.out, "1 came in as history, 1 submitted, 1 here already, 1 refused\n");
    assert_eq!(ran.err, "line 5: There is another job: its agent differs\n");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "no part is left");
}

#[test]
fn the_doctor_probes_through_the_running_host_and_through_nothing_else() {
    let found = |ran: &Ran| {
        let lines: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        let items = lines["items"].as_array().expect("a list").clone();
        items.into_iter().find(|item| item["about"] == "probe").unwrap_or_default()
    };
    let answered = json!({ "answered": true, "said": "claude-haiku-5-5 answered in 420 ms, for $0.0001", "took_ms": 420 });
    let host = Host::start().on("POST /api/v1/upstream/probe", &answered);
    assert_eq!(found(&host.anvil(&["--json", "doctor", "--probe"]))["state"], "good");
    assert_eq!(host.asked().iter().filter(|asked| asked.target.ends_with("/probe")).count(), 1);
    // Without the flag nothing is asked that costs.
    assert!(found(&host.anvil(&["--json", "doctor"])).is_null());
    assert_eq!(host.asked().iter().filter(|asked| asked.target.ends_with("/probe")).count(), 1);

    let kept = json!({ "answered": false, "said": "no answer: the brake is engaged: a look at the bill", "took_ms": 3 });
    let host = Host::start().on("POST /api/v1/upstream/probe", &kept);
    let ran = host.anvil(&["--json", "doctor", "--probe"]);
    assert_eq!((ran.code, &found(&ran)["state"]), (1, &json!("wrong")));

    let alone = anvil().args(["--json", "doctor", "--probe"]).env("ANVIL_URL", "http://127.0.0.1:1").output();
    let ran = Ran::of(&alone.expect("anvil runs"), "http://127.0.0.1:1");
    let said = found(&ran);
    assert_eq!((ran.code, &said["state"]), (1, &json!("wrong")));
    assert!(said["what"].as_str().is_some_and(|what| what.contains("through a running host")), "{said}");
}

#[test]
fn a_plugin_is_checked_and_installed_without_a_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let config = path("anvil.toml");
    std::fs::write(&config, format!("[plugins]\ndir = {:?}\n", path("plugins"))).expect("it is written");
    let ran = |args: &[&str]| {
        let output = anvil().args(["--config", &config.display().to_string(), "plugin"]).args(args).output();
        Ran::of(&output.expect("anvil runs"), "http://127.0.0.1:1")
    };
    let program = ProgramBuilder::new("program").refusing_others().say(r#"{"done":1}"#).core_module();
    for (file, bytes) in [("quiet.wasm", GuestBuilder::quiet("quiet").component()), ("program.wasm", program)]
    {
        std::fs::write(path(file), bytes).expect("it is written");
        let name = file.trim_end_matches(".wasm");
        let file = path(file).display().to_string();
        let checked = ran(&["check", &file]);
        // One that takes whatever it is given loads, and does not conform.
        let conforms = name == "program";
        assert_eq!(checked.code, i32::from(!conforms), "{checked:?}");
        assert_eq!(checked.out.contains(&format!("{name} 1.0.0")), conforms, "{checked:?}");
        let installed = ran(&["install", &file]);
        assert!(
            installed.code == 0 && installed.out.starts_with(&format!("{name} 1.0.0 is in ")),
            "{installed:?}"
        );
    }
    let there = std::fs::read_dir(path("plugins")).expect("it was made");
    let mut there: Vec<_> = there.flatten().map(|entry| entry.file_name()).collect();
    there.sort();
    assert_eq!(there, ["program.wasm", "quiet.wasm"]);
    let hidden = path(".hid.wasm");
    std::fs::copy(path("quiet.wasm"), &hidden).expect("it is copied");
    let refused = ran(&["install", &hidden.display().to_string()]);
    assert!(refused.code == 2 && refused.err.contains("no host takes up a hidden file"), "{refused:?}");
    assert!(!path("plugins/.hid.wasm").exists());

    std::fs::write(path("bad.wasm"), "hello").expect("it is written");
    for command in ["check", "install"] {
        let refused = ran(&[command, &path("bad.wasm").display().to_string()]);
        let told = refused.out.clone() + &refused.err;
        assert!(refused.code == 1 && told.contains("is not a WebAssembly file"), "{refused:?}");
    }
    assert!(!path("plugins/bad.wasm").exists());
    let missing = ran(&["check", &path("none.wasm").display().to_string()]);
    assert!(missing.code == 1 && missing.out.contains("cannot be read"), "{missing:?}");
    let named = ran(&["install", &config.display().to_string()]);
    assert!(named.code == 2 && named.err.contains("does not end in `.wasm`"), "{named:?}");
}
