//! Files that go with a job, and come back.

use crate::host::{Answer, Host, anvil};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const ID: &str = "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";

/// A folder with a file in it, made anew.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("src")).expect("a folder");
    std::fs::write(folder.join("src/main.rs"), "fn main() {}").expect("a file");
    folder
}

fn job() -> Value {
    let digest = "0f".repeat(32);
    json!({
        "id": ID, "agent": "a", "action": "b", "payload": {}, "state": "queued", "priority": "normal", "attempts": 0,
        "max_attempts": 3, "cost_usd": 0.0, "unknown_usd": 0.0, "held_usd": 0.0, "max_cost_usd": 2.0, "calls": 0,
        "waiting_for": null, "result": null, "error": null, "progress": null, "progress_line": null, "tags": [],
        "after": [], "followed_by": [], "attempt_history": [], "upstream": "simulated",
        "inputs": [{ "name": "src/main.rs", "media_type": "text/x-\u{1b}rust", "size": 12, "digest": digest }],
        "created_at": "2026-11-23T12:00:00Z",
    })
}

fn takes() -> Host {
    Host::start().answers("POST /api/v1/jobs", Answer(201, "application/json", job().to_string()))
}

#[test]
fn a_job_is_sent_with_its_files() {
    let host = takes();
    let folder = folder("sent");
    let source = format!("src/app.md={}", folder.join("src/main.rs").display());
    let plain = folder.join("src/main.rs").display().to_string();
    let ran = host.anvil(&[
        "submit",
        "a",
        "b",
        "--tag",
        "t",
        "--file",
        &source,
        "--file",
        &plain,
        "--file",
        "nothing=-",
    ]);
    assert_eq!((ran.code, ran.out), (0, format!("{ID} queued\n")), "{}", ran.err);
    let text = host.asked()[0].text.replace("\r\n", "\n");
    for part in [
        "name=\"job\"\nContent-Type: application/json\n\n{\"agent\":\"a\",\"action\":\"b\",\"payload\":{},\"tags\":[\"t\"]}\n",
        "name=\"file\"; filename=\"src/app.md\"\nContent-Type: text/markdown\n\nfn main() {}\n",
        "name=\"file\"; filename=\"main.rs\"\nContent-Type: application/octet-stream\n\nfn main() {}\n",
        "name=\"file\"; filename=\"nothing\"\nContent-Type: application/octet-stream\n\n\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn what_cannot_be_sent_is_said_before_anything_is() {
    let host = takes();
    let folder = folder("unsent");
    let (file, at) = (folder.join("src/main.rs").display().to_string(), folder.display().to_string());
    for (args, says) in [
        (vec!["--file", "/nowhere/at/all"], "cannot read /nowhere/at/all"),
        (vec!["--file", &at], "is a folder"),
        (vec!["--file", &file, "--file", &file], "two files are called `main.rs`"),
        (vec!["--payload", "-", "--file", "-"], "standard input"),
        (vec!["--file", "../a=-"], "relative path"),
    ] {
        let ran = host.anvil(&[&["submit", "a", "b"], &args[..]].concat());
        assert!(ran.code == 2 && ran.err.contains(says), "{args:?}: {ran:?}");
    }
    if cfg!(target_os = "linux") {
        // What has no end is not read to it.
        let ran = host.anvil(&["submit", "a", "b", "--payload", "@/dev/zero"]);
        assert!(ran.code == 2 && ran.err.contains("/dev/zero: it is a device"), "{ran:?}");
    }
    let bulk = host.anvil(&["submit", "--bulk", &file, "--file", &file]);
    assert!(bulk.code == 2 && bulk.err.contains("cannot be used with"), "{bulk:?}");
    assert_eq!(host.asked().len(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_reading_fails_is_no_host_that_is_away() {
    let host = takes();
    let ran = host.anvil(&["submit", "a", "b", "--file", "a=/proc/self/mem"]);
    assert!(ran.code == 2 && ran.err.contains("cannot read /proc/self/mem: "), "{ran:?}");
    assert!(!ran.err.contains("reach"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_writes_to_is_told_of_and_read_when_somebody_does() {
    let (host, folder) = (takes(), folder("pipe"));
    let pipe = folder.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    let (to, path) = (pipe.clone(), pipe.display().to_string());
    let writer = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(2_500));
        std::fs::write(to, "from afar").expect("somebody reads");
    });
    let ran = host.anvil(&["submit", "a", "b", "--file", &format!("a={path}")]);
    writer.join().expect("it wrote");
    assert!(ran.code == 0 && ran.err.contains(&format!("waiting for {path}: it is a pipe")), "{ran:?}");
    assert!(host.asked().iter().any(|asked| asked.text.contains("from afar")));
}

#[test]
fn a_duplicate_takes_the_files_of_the_old_job_along() {
    let host = takes().on(&format!("GET /api/v1/jobs/{ID}"), &job());
    let path = folder("duplicated").join("src/main.rs").display().to_string();
    assert_eq!(host.anvil(&["jobs", "duplicate", ID]).code, 0);
    assert_eq!(host.anvil(&["jobs", "duplicate", ID, "--no-files"]).code, 0);
    assert_eq!(host.anvil(&["jobs", "duplicate", ID, "--file", &path]).code, 0);
    let asked: Vec<_> = host.asked().into_iter().filter(|asked| asked.target == "/api/v1/jobs").collect();
    assert_eq!((&asked[0].body["files_of"], &asked[1].body["files_of"]), (&json!(ID), &Value::Null));
    assert!(
        asked[2].text.contains(&format!("\"files_of\":\"{ID}\"")) && asked[2].text.contains("fn main() {}")
    );
}

#[test]
fn the_files_of_a_job_are_shown_and_written() {
    let list = json!({ "items": job()["inputs"], "next": null });
    let empty = json!({ "items": [], "next": null });
    let host = Host::start()
        .on(&format!("GET /api/v1/jobs/{ID}"), &job())
        .on(&format!("GET /api/v1/jobs/{ID}/calls"), &empty)
        .on(&format!("GET /api/v1/jobs/{ID}/artifacts"), &empty)
        .on(&format!("GET /api/v1/jobs/{ID}/inputs"), &list)
        .answers(
            &format!("GET /api/v1/jobs/{ID}/inputs/src/main.rs"),
            Answer(200, "text/plain; charset=utf-8", "fn main() {}".to_owned()),
        );
    for args in [vec!["jobs", "show", ID], vec!["jobs", "inputs", ID]] {
        let ran = host.anvil(&args);
        assert!(ran.out.contains("SUBMITTED WITH") && ran.out.contains("src/main.rs"), "{ran:?}");
        assert!(!ran.out.contains('\u{1b}'), "{ran:?}");
    }
    let out = folder("written").join("out");
    let ran = host.anvil(&["jobs", "inputs", ID, "--out", &out.display().to_string()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(std::fs::read_to_string(out.join("src/main.rs")).expect("it is there"), "fn main() {}");
}

/// What each command reads whole, of a path.
#[cfg(target_os = "linux")]
const READ_WHOLE: [&[&str]; 7] = [
    &["submit", "a", "run", "--payload", "@PATH"],
    &["jobs", "edit", ID, "--payload", "@PATH"],
    &["serve", "--config", "PATH"],
    &["--config", "PATH", "doctor"],
    &["sim", "--script", "PATH"],
    &["sim", "--faults", "PATH"],
    &["sim", "--settings", "PATH"],
];

/// The command with this path in it.
#[cfg(target_os = "linux")]
fn reading(args: &[&str], path: &str) -> std::process::Command {
    let mut command = anvil();
    command.args(args.iter().map(|arg| arg.replace("PATH", path)));
    // Nobody listens there; whoever gets past the reading ends by that.
    command.env("ANVIL_URL", "http://127.0.0.1:1").env("ANVIL_TOKEN", "0123456789abcdef");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[cfg(target_os = "linux")]
#[test]
fn what_has_no_end_is_refused_by_every_command_that_reads_a_file_whole() {
    for args in READ_WHOLE {
        let ended = reading(args, "/dev/zero").output().expect("anvil runs");
        let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
        assert!(!ended.status.success(), "{args:?}");
        assert!(said.contains("longer than") || said.contains("no end"), "{args:?}: {said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_that_nobody_writes_to_is_waited_for_with_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let path = pipe.to_str().expect("text");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    let children = READ_WHOLE.map(|args| (args, reading(args, path).spawn().expect("anvil runs")));
    for (args, mut child) in children {
        // It says so, or it ends and the line with it.
        let mut said = String::new();
        let err = child.stderr.take().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(err), &mut said).expect("text");
        assert!(said.starts_with(&format!("waiting for {path}: it is a pipe")), "{args:?}: {said:?}");
        child.kill().expect("it still waits");
        child.wait().expect("it ends");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_with_a_writer_is_a_file_as_any_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    let child =
        reading(&["serve", "--config", "PATH"], pipe.to_str().expect("text")).spawn().expect("anvil runs");
    std::fs::write(&pipe, "preset = \"no-such-preset\"\n").expect("written");
    let ended = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("no-such-preset") && !said.contains("waiting"), "{said}");
}
