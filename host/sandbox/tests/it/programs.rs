//! Plugins that are programs of WASI preview 1 and speak in lines, and libraries without types.

use crate::bench::{Bench, broke, host, result};
use anvil_sandbox::testing::{Answer, GuestBuilder, ProgramBuilder, Recorder, small_limits};
use anvil_sandbox::{AttemptEnd, AttemptLimits, Stop};
use std::sync::Arc;
use std::time::Duration;

const QUESTION: &str =
    r#"{"claude.complete":{"messages":[{"role":"user","content":"how many?"}],"effort":"simple"}}"#;

fn program() -> ProgramBuilder {
    ProgramBuilder::new("program")
}

async fn end_of(program: ProgramBuilder, host: &Arc<Recorder>, limits: AttemptLimits) -> AttemptEnd {
    Bench::holding(vec![program.core_module()]).await.run("program", host, limits).await
}

/// The lines of the log.
fn said(host: &Recorder) -> Vec<(&'static str, String)> {
    host.log_lines().into_iter().map(|(source, _, line)| (source, line)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_does_a_job_in_lines() {
    let host = host();
    let steps = program().repeat().say(QUESTION).hear().repeat().say(r#"{"done":{"n":1e2}}"#);
    assert_eq!(result(&end_of(steps, &host, small_limits()).await), r#"{"n":1e2}"#);
    assert_eq!(host.requests().len(), 1);
    let reply = r#"heard {"ok":{"content":[{"type":"text","text":"hi"}],"text":"hi","stop_reason":"end_turn","model":"test","usage":{"input_tokens":0,"output_tokens":0,"cache_read_tokens":0,"cache_write_tokens":0},"cost_nanodollars":1,"origin":"live","extras":{}}}"#;
    let first = r#"heard {"run":{"contract":"anvil:agent@0.1.0","action":"run","payload":"x"}}"#;
    assert_eq!(said(&host), [("stdout", first.to_owned()), ("stdout", reply.to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_line_needs_no_end_and_a_program_may_leave_with_it() {
    let steps = program().write(1, r#"{"done":1}"#).wat("(call $exit (i32.const 0))");
    assert_eq!(result(&end_of(steps, &host(), small_limits()).await), "1");
    // What it has said counts, whatever it does then.
    let steps = program().say(r#"{"done":2}"#).wat("(loop $on (br $on))");
    assert_eq!(result(&end_of(steps, &host(), small_limits()).await), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_may_take_all_memory_up_to_its_end_for_its_own() {
    // As Go's runtime does: what is behind its last address, and what it grows, it believes to follow one on the other.
    let takes = "(local $end i32)
        (local.set $end (i32.shl (memory.size) (i32.const 16)))
        (if (i32.ne (memory.size) (i32.const 4)) (then unreachable))
        (if (i32.ne (memory.grow (i32.const 3)) (i32.const 4)) (then unreachable))
        (memory.fill (i32.const 131072) (i32.const 170) (i32.sub (i32.const 458752) (i32.const 131072)))
        (memory.copy (local.get $end) (i32.const 65536) (i32.const 64))";
    let whole = "(if (i32.ne (i32.load8_u (i32.const 262143)) (i32.const 170)) (then unreachable))
        (if (i32.ne (i32.load (i32.const 262144)) (i32.load (i32.const 65536))) (then unreachable))
        (if (i32.ne (i32.load8_u offset=1 (i32.const 458750)) (i32.const 170)) (then unreachable))";
    let host = host();
    let steps = program().wat(takes).say("before").wat(whole).say(QUESTION).hear().say(r#"{"done":1}"#);
    assert_eq!(result(&end_of(steps, &host, small_limits()).await), "1");
    assert_eq!(said(&host), [("stdout", "before".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_reads_without_having_called_is_told_at_once() {
    for steps in [program().hear(), program().say("plain").hear(), program().say(QUESTION).hear().hear()] {
        let limits = AttemptLimits { wall_time: Duration::from_hours(1), ..small_limits() };
        let ended = tokio::time::timeout(Duration::from_mins(1), end_of(steps, &host(), limits)).await;
        let ended = ended.expect("nobody waits for what never comes");
        assert_eq!(broke(&ended), "protocol", "{ended:?}");
        assert!(format!("{ended:?}").contains("no line will ever come"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programs_failure_keeps_its_word() {
    let steps = program().say(r#"{"failed":{"kind":"invalid-input","message":"no field"}}"#);
    let AttemptEnd::Failed(error) = end_of(steps, &host(), small_limits()).await else { panic!() };
    assert_eq!((error.kind.as_str(), error.message.as_str()), ("invalid-input", "no field"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_object_is_for_the_log() {
    let host = host();
    let steps = program().say("").say("plain").write(2, "to stderr\n").say("[1]").say(r#"{"done":null}"#);
    assert_eq!(result(&end_of(steps, &host, small_limits()).await), "null");
    let lines = [("stdout", "plain"), ("stderr", "to stderr"), ("stdout", "[1]")];
    assert_eq!(said(&host), lines.map(|(source, line)| (source, line.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_settings_go_in_lines_too() {
    let host = host();
    let steps = program()
        .say(r#"{"job.artifact":{"name":"a.txt","media_type":"text/plain","text":"é"}}"#)
        .hear()
        .repeat()
        .say(r#"{"job.artifact":{"name":"b","media_type":"x/y","base64":"AAEC"}}"#)
        .hear()
        .say(r#"{"job.artifact":{"name":"../c","media_type":"x/y","text":""}}"#)
        .hear()
        .repeat()
        .say(r#"{"settings.get":{"key":"k"}}"#)
        .hear()
        .repeat()
        .say(r#"{"job.log":{"level":"warn","line":"odd"}}"#)
        .hear()
        .say(r#"{"done":0}"#);
    assert_eq!(result(&end_of(steps, &host, small_limits()).await), "0");
    let files = [("a.txt", "text/plain", 2), ("b", "x/y", 3)];
    assert_eq!(host.artifacts(), files.map(|(name, kind, size)| (name.to_owned(), kind.to_owned(), size)));
    let said = said(&host);
    assert_eq!(said[0].1, r#"heard {"ok":null}"#);
    assert!(said[1].1.starts_with(r#"heard {"error":"`../c` is no artifact's name"#), "{}", said[1].1);
    assert_eq!(said[2].1, r#"heard {"ok":null}"#);
    assert_eq!(said[3], ("guest", "odd".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_the_files_of_its_job() {
    let files: [(&str, &[u8]); 2] = [("a.txt", "é".as_bytes()), ("b.bin", &[0xff, 0])];
    let host = Arc::new(Recorder::new(7, Answer::Never).submitted_with(&files));
    let read = |name| format!(r#"{{"job.input":{{"name":"{name}"}}}}"#);
    let mut steps = program().say(r#"{"job.inputs":{}}"#).hear().repeat();
    for name in ["a.txt", "b.bin", "../c"] {
        steps = steps.say(&read(name)).hear().repeat();
    }
    assert_eq!(result(&end_of(steps.say(r#"{"done":1}"#), &host, small_limits()).await), "1");
    let said = said(&host);
    assert!(
        said[0]
            .1
            .starts_with(r#"heard {"ok":[{"name":"a.txt","media_type":"text/plain","size":2,"digest":""#)
    );
    assert_eq!(said[1].1, r#"heard {"ok":{"text":"é"}}"#);
    assert_eq!(said[2].1, r#"heard {"ok":{"base64":"/wA="}}"#);
    assert!(said[3].1.starts_with(r#"heard {"error":"#), "{}", said[3].1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_does_not_fit_is_told_so_and_the_job_goes_on() {
    for (call, says) in [
        (r#"{"claude.ask":{}}"#, "there is no function `claude.ask`; there are claude.complete, "),
        (r#"{"claude.complete":{"message":"hi"}}"#, "unknown field `message`"),
        (r#"{"claude.complete":{"messages":[{"role":"system","content":"x"}]}}"#, "unknown variant `system`"),
        (r#"{"claude.complete":{"messages":[]}}"#, "a request has at least one message"),
        (
            r#"{"claude.complete":{"messages":[{"role":"user","content":7}]}}"#,
            "a block of another kind is a JSON object",
        ),
        (r#"{"claude.complete":[]}"#, "`claude.complete` is not called as the protocol has it"),
        (r#"{"job.progress":{"fraction":"half"}}"#, "invalid type: string"),
        (r#"{"job.artifact":{"name":"a","media_type":"x/y"}}"#, "bytes are given as `text` or as `base64`"),
        (r#"{"job.artifact":{"name":"a","media_type":"x/y","base64":"?"}}"#, "the bytes are no base64"),
    ] {
        let host = host();
        let steps = program().say(call).hear().repeat().say(r#"{"done":1}"#);
        assert_eq!(result(&end_of(steps, &host, small_limits()).await), "1", "{call}");
        let heard = &said(&host)[0].1;
        assert!(heard.starts_with(r#"heard {"error":"#) && heard.contains(says), "{call}: {heard}");
        assert!(host.requests().is_empty(), "{call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_the_protocol_has_a_name() {
    let flood =
        format!("(loop $on {} (br $on))", "(call $write (i32.const 1) (i32.const 1024) (i32.const 18))");
    for (steps, kind, says) in [
        (program(), "protocol", "it ended without a last line: `done` with the result"),
        (program().say("{"), "protocol", "it wrote a line that begins as an object and is none"),
        (program().say("{}"), "protocol", "a line has one key, which says what it is; this one has 0"),
        (program().say(r#"{"done":1,"failed":2}"#), "protocol", "this one has 2"),
        (program().say(r#"{"done":1,"done":2}"#), "protocol", "this one has 2"),
        (program().say(r#"{"description":{}}"#), "protocol", "its line `description` is not as the protocol"),
        (program().say(r#"{"failed":"no"}"#), "protocol", "its line `failed` is not as the protocol has it"),
        (program().say(QUESTION), "protocol", "ended without waiting for the answer"),
        (program().wat("(call $exit (i32.const 3))"), "exit", "an exit code that says it failed"),
        (program().write(2, "oh no\n").wat("unreachable"), "trap", "oh no"),
        (program().wat("(drop (call $hear))"), "protocol", "no line will ever come"),
        (
            program().say(r#"{"job.whoami":{}}"#).wat(&flood),
            "protocol",
            "it does not read its standard input",
        ),
        (
            program()
                .wat("(loop $on (call $write (i32.const 1) (i32.const 2048) (i32.const 60000)) (br $on))"),
            "hostcall-size",
            "a line that the program writes is longer than 1048576 bytes",
        ),
        (program().wat("(loop $on (br $on))"), "cpu-time", "computed for"),
    ] {
        let limits = AttemptLimits {
            wall_time: Duration::from_secs(30),
            cpu_time: Duration::from_secs(if kind == "cpu-time" { 1 } else { 20 }),
            ..small_limits()
        };
        let end = end_of(steps, &host(), limits).await;
        assert_eq!(broke(&end), kind, "{says}: {end:?}");
        let AttemptEnd::Broke(error) = end else { unreachable!() };
        assert!(error.message.contains(says), "{says}: {}", error.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_a_program_ends_its_attempt() {
    let host = Arc::new(Recorder::new(7, Answer::Stop(Stop::Parked)));
    let steps = program().say(QUESTION).hear().say(r#"{"done":1}"#);
    assert_eq!(end_of(steps, &host, small_limits()).await, AttemptEnd::Stopped(Stop::Parked));
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_claude_is_no_wall_time_of_a_program() {
    let host = Arc::new(Recorder::new(7, Answer::Reply(Duration::from_millis(800))));
    let limits = AttemptLimits { wall_time: Duration::from_millis(400), ..small_limits() };
    let steps = program().say(QUESTION).hear().say(r#"{"done":1}"#);
    assert_eq!(result(&end_of(steps, &host, limits).await), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_without_types_has_those_of_the_contract() {
    let bench = Bench::holding(vec![GuestBuilder::quiet("library").core_module()]).await;
    assert_eq!(result(&bench.run("library", &host(), small_limits()).await), "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_the_same_on_every_run() {
    let heard = async |job: u128| {
        let host = Arc::new(Recorder::new(job, Answer::Reply(Duration::ZERO)));
        let steps = program().say(r#"{"job.whoami":{}}"#).hear().repeat().say(r#"{"done":1}"#);
        assert_eq!(result(&end_of(steps, &host, small_limits()).await), "1");
        said(&host)
    };
    let (one, again, other) = (heard(1).await, heard(1).await, heard(2).await);
    assert_eq!(one, again);
    assert_ne!(one, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_protocol_shows_what_really_goes_over_the_lines() {
    let page = include_str!("../../../../docs/line-protocol.md");
    let transcript = page.split("```transcript\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (mut steps, mut told) = (program(), Vec::new());
    for line in transcript.lines() {
        match line.split_at(2) {
            // The program has heard the first line already.
            ("> ", line) if told.is_empty() => (steps, told) = (steps.repeat(), vec![line]),
            ("> ", line) => {
                steps = steps.hear().repeat();
                told.push(line);
            }
            (_, line) => steps = steps.say(line),
        }
    }
    let host = host();
    assert_eq!(result(&end_of(steps, &host, small_limits()).await), r#"{"greeting":"hi"}"#);
    let heard: Vec<_> = said(&host).into_iter().map(|(_, line)| line).collect();
    assert_eq!(heard, told.iter().map(|line| format!("heard {line}")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_may_say_which_contract_it_speaks() {
    let line = |contract: &str| {
        format!(
            r#"{{"description":{{"contract":"{contract}","name":"program","version":"1.0.0","summary":"","actions":[{{"name":"run","summary":"","input_schema":{{}},"output_schema":{{}}}}]}}}}"#
        )
    };
    let speaking = |contract| program().describing(&line(contract)).say(r#"{"done":1}"#);
    assert_eq!(result(&end_of(speaking("anvil:agent@0.1.0"), &host(), small_limits()).await), "1");
    let bench = Bench::holding(vec![speaking("anvil:agent@0.9.0").core_module()]).await;
    let agents = bench.catalog.agents();
    let reason = agents[0].reason.as_deref().unwrap_or_default();
    assert!(
        reason.contains("it speaks `anvil:agent@0.9.0`; this host speaks `anvil:agent@0.1.0`"),
        "{agents:#?}"
    );
}
