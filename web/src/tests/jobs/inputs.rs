//! Jobs that come with files.

use crate::testing::{Answer, INPUTS, MAX_BODY, Scene, TOKEN};
use crate::tests::request;
use anvil_store::JobFilter;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode};
use futures_util::stream;
use serde_json::{Value, json};
use std::convert::Infallible;

const BOUNDARY: &str = "XbX";
const JOB: &str = r#"{"agent":"quiet","action":"run"}"#;

/// A part: its name with what follows it in the disposition, and its bytes.
fn part(name: &str, more: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

fn job(text: &str) -> Vec<u8> {
    part("job", "", text.as_bytes())
}

fn file(name: &str, bytes: &[u8]) -> Vec<u8> {
    part("file", &format!("; filename=\"{name}\"\r\nContent-Type: text/plain"), bytes)
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [&parts.concat(), format!("--{BOUNDARY}--\r\n").as_bytes()].concat()
}

fn typed(content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let sent = request("POST", "/api/v1/jobs").header("authorization", format!("Bearer {TOKEN}"));
    sent.header("content-type", content_type).body(body.into()).expect("a request")
}

fn sent(body: impl Into<Body>) -> Request<Body> {
    typed(&format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

async fn submit(scene: &Scene, parts: &[Vec<u8>]) -> Answer {
    scene.send(sent(form(parts))).await
}

async fn jobs(scene: &Scene) -> usize {
    let filter = JobFilter { limit: 100, ..JobFilter::default() };
    scene.store.jobs(filter).await.expect("a read works").items.len()
}

#[tokio::test]
async fn a_job_comes_with_files_that_everybody_finds_again() {
    let scene = Scene::new().await;
    let long = vec![7_u8; 300_000];
    let parts = [file("src/ü.rs", b"fn main() {}"), job(JOB), file("b.bin", &long), file("empty", b"")];
    let answer = submit(&scene, &parts).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    let digest = blake3::hash(b"fn main() {}").to_hex().to_string();
    let source = json!({ "name": "src/ü.rs", "media_type": "text/plain", "size": 12, "digest": digest });
    for inputs in [
        answer.json()["inputs"].clone(),
        scene.get(&format!("/api/v1/jobs/{id}")).await.json()["inputs"].clone(),
        scene.get("/api/v1/jobs").await.json()["items"][0]["inputs"].clone(),
        scene.get(&format!("/api/v1/jobs/{id}/inputs")).await.json()["items"].clone(),
    ] {
        let names: Vec<_> = inputs.as_array().expect("a list").iter().map(|file| &file["name"]).collect();
        assert_eq!(names, ["b.bin", "empty", "src/ü.rs"]);
        assert_eq!(inputs[2], source);
    }
    let found = scene.get(&format!("/api/v1/jobs/{id}/inputs/src/%C3%BC.rs")).await;
    assert_eq!((found.status, found.text.as_str()), (StatusCode::OK, "fn main() {}"));
    assert_eq!(
        found.header("content-disposition"),
        "attachment; filename=\"_.rs\"; filename*=UTF-8''%C3%BC.rs"
    );
    assert_eq!(found.header("x-content-type-options"), "nosniff");
    assert!(found.header("content-security-policy").starts_with("sandbox"));
    let missing = scene.get(&format!("/api/v1/jobs/{id}/inputs/main.rs")).await;
    assert!(
        missing.status == StatusCode::NOT_FOUND && missing.text.contains("no-such-input"),
        "{}",
        missing.text
    );
    let cookie = scene.cookie().await;
    let page = async |path: &str| {
        let asked = request("GET", path).header("cookie", &cookie).body(Body::empty()).expect("a request");
        scene.send(asked).await.text
    };
    let shown = page(&format!("/jobs/{id}")).await;
    assert!(
        shown.contains("Submitted with")
            && shown.contains(&format!("/api/v1/jobs/{id}/inputs/src/%C3%BC.rs"))
    );
    assert!(page(&format!("/jobs/{id}/inputs/src/%C3%BC.rs")).await.contains("fn main() {}"));
}

#[tokio::test]
async fn nothing_of_a_stranger_turns_the_direction_of_a_page_and_no_form_changes_it() {
    let scene = Scene::new().await;
    let turned = "a\u{202e}gnp.exe";
    let text = json!({
        "agent": "quiet", "action": "run", "run_at": "2999-01-01T00:00:00Z", "tags": [turned],
        "payload": { "name": turned },
    });
    let answer = submit(&scene, &[file(turned, b"MZ \xe2\x80\xae"), job(&text.to_string())]).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    let cookie = scene.cookie().await;
    let page = async |path: &str| {
        let asked = request("GET", path).header("cookie", &cookie).body(Body::empty()).expect("a request");
        scene.send(asked).await.text
    };
    let name = "a%E2%80%AEgnp.exe";
    for path in [
        format!("/jobs/{id}"),
        format!("/jobs/{id}/edit"),
        format!("/jobs/{id}/inputs/{name}"),
        format!("/submit?like={id}"),
        format!("/jobs?q={name}"),
    ] {
        let shown = page(&path).await;
        assert!(!shown.contains('\u{202e}') && shown.contains("gnp.exe"), "{path}: {shown}");
    }
    let shown = page(&format!("/jobs/{id}")).await;
    assert!(shown.contains("<code>a\u{fffd}gnp.exe</code>"), "{shown}");
    assert!(shown.contains(r"a\u202egnp.exe"), "JSON has its escape: {shown}");
    let edit = page(&format!("/jobs/{id}/edit")).await;
    assert!(edit.contains("value=\"a&#x202e;gnp.exe\""), "what a form holds comes back: {edit}");
    let found = scene.get(&format!("/api/v1/jobs/{id}/inputs/{name}")).await;
    let disposition = found.header("content-disposition");
    assert_eq!(disposition, "attachment; filename=\"a_gnp.exe\"; filename*=UTF-8''a_gnp.exe");
}

#[tokio::test]
async fn each_form_that_is_no_job_with_files_is_refused_for_what_it_is() {
    let scene = Scene::new().await;
    let one = || file("a", b"1");
    let cut = form(&[job(JOB), one()]);
    let cut = cut[..cut.len() - 8].to_vec();
    let too_many: Vec<_> =
        [job(JOB)].into_iter().chain(["a", "b", "c", "d"].map(|name| file(name, b"1"))).collect();
    let large = vec![0; 400_001];
    for (what, body, status, says) in [
        ("no file", form(&[job(JOB)]), 422, "no part `file`"),
        ("no job", form(&[one()]), 422, "no part `job`"),
        ("nothing", form(&[]), 422, "no part `job`"),
        ("two jobs", form(&[job(JOB), job(JOB), one()]), 400, "two parts `job`"),
        ("another part", form(&[job(JOB), one(), part("extra", "", b"1")]), 422, "a part `extra`"),
        ("no filename", form(&[job(JOB), part("file", "", b"1")]), 422, "no filename"),
        ("an empty filename", form(&[job(JOB), file("", b"1")]), 422, "1 to 255 bytes"),
        ("nothing chosen", form(&[job(JOB), file("", b"")]), 422, "no part `file`"),
        ("no JSON", form(&[job("{"), one()]), 400, "no JSON"),
        ("no agent", form(&[job(r#"{"action":"run"}"#), one()]), 422, "/agent"),
        ("a strange agent", form(&[job(r#"{"agent":"quie","action":"run"}"#), one()]), 422, "`quiet`"),
        ("cut short", cut, 400, "before its last boundary"),
        ("no form at all", b"hello".to_vec(), 400, "before its last boundary"),
        ("no body", Vec::new(), 400, "before its last boundary"),
        ("../", form(&[job(JOB), file("../../etc/passwd", b"1")]), 422, "`../../etc/passwd`"),
        ("an absolute name", form(&[job(JOB), file("/etc/passwd", b"1")]), 422, "relative path"),
        ("a backslash", form(&[job(JOB), file("C:\\a.txt", b"1")]), 422, "no backslash"),
        ("a line end", form(&[job(JOB), file("a%0D%0Ab", b"1")]), 422, "no control character"),
        ("a long name", form(&[job(JOB), file(&"x".repeat(256), b"1")]), 422, "has 256"),
        ("one name twice", form(&[job(JOB), one(), one()]), 422, "two of the files"),
        ("too many", form(&too_many), 413, "jobs.input_files"),
        ("one too large", form(&[file("a", &large), job(JOB)]), 413, "jobs.input_file_bytes"),
        (
            "too much in all",
            form(&[job(JOB), file("a", &large[..400_000]), file("b", &large[..200_001])]),
            413,
            "jobs.input_bytes",
        ),
        ("a job too large", form(&[job(&format!("{JOB:9000}")), one()]), 413, "max_body_bytes"),
        (
            "a large preamble",
            [vec![b' '; 2_500_000], form(&[job(JOB), one()])].concat(),
            413,
            "jobs.input_bytes",
        ),
    ] {
        let answer = scene.send(sent(body)).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
        assert!(answer.text.contains(says), "{what}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    }
    assert_eq!(jobs(&scene).await, 0);
    let whole = || form(&[job(JOB), one()]);
    for (content_type, status, says) in [
        ("multipart/mixed; boundary=XbX", 415, "multipart/form-data"),
        ("multipart/form-data", 400, "no boundary"),
        ("multipart/form-data; boundary=", 400, "no boundary"),
        ("multipart/form-data; boundary=other", 400, "before its last boundary"),
        ("text/plain", 415, "application/json"),
        ("application/x-www-form-urlencoded", 415, "application/json"),
    ] {
        let answer = scene.send(typed(content_type, whole())).await;
        assert_eq!(answer.status.as_u16(), status, "{content_type}: {}", answer.text);
        assert!(answer.text.contains(says), "{content_type}: {}", answer.text);
    }
    let mut encoded = sent(whole());
    encoded.headers_mut().insert("content-encoding", "gzip".parse().expect("a value"));
    assert_eq!(scene.send(encoded).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let mut dry = sent(whole());
    *dry.uri_mut() = "/api/v1/jobs?dry_run=true".parse().expect("an address");
    assert_eq!(scene.send(dry).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(jobs(&scene).await, 0);
    let quoted = scene.send(typed("Multipart/Form-Data; charset=utf-8; boundary=\"XbX\"", whole())).await;
    assert_eq!(quoted.status, StatusCode::CREATED, "{}", quoted.text);
}

#[tokio::test]
async fn an_upload_without_an_end_is_read_so_far_and_no_further() {
    let scene = Scene::new().await;
    let read = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let begin = [job(JOB), file("a", b"")].concat();
    let begin = begin[..begin.len() - 2].to_vec();
    let seen = read.clone();
    let endless = stream::iter(std::iter::once(begin).chain(std::iter::repeat_with(move || {
        seen.fetch_add(64 << 10, std::sync::atomic::Ordering::Relaxed);
        vec![0; 64 << 10]
    })));
    let endless = tokio_stream::StreamExt::map(endless, |chunk| Ok::<Bytes, Infallible>(chunk.into()));
    let answer = scene.send(sent(Body::from_stream(endless))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.text);
    assert!(answer.text.contains("jobs.input_file_bytes"), "{}", answer.text);
    let read = read.load(std::sync::atomic::Ordering::Relaxed);
    let most = INPUTS.bytes + MAX_BODY as u64 + (9 << 10) * (INPUTS.files as u64 + 128);
    assert!(read < most * 10, "{read} bytes were read");

    // Who says beforehand how much it is, and asks whether it may, sends nothing.
    let mut asking = sent(Body::from_stream(stream::pending::<Result<Bytes, Infallible>>()));
    asking.headers_mut().insert("content-length", "200000000".parse().expect("a value"));
    asking.headers_mut().insert("expect", "100-continue".parse().expect("a value"));
    let answer = scene.send(asking).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text.contains("200000000") && answer.text.contains("jobs.input_bytes"), "{}", answer.text);
    assert_eq!(jobs(&scene).await, 0);
}

#[tokio::test]
async fn a_key_stands_for_the_job_and_its_files() {
    let scene = Scene::new().await;
    let keyed = job(r#"{"agent":"quiet","action":"run","idempotency_key":"k"}"#);
    let first = submit(&scene, &[keyed.clone(), file("a", b"1"), file("b", b"2")]).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let again = submit(&scene, &[file("b", b"2"), file("a", b"1"), keyed.clone()]).await;
    assert_eq!((again.status, &again.json()["id"]), (StatusCode::OK, &first.json()["id"]));
    for other in [vec![keyed.clone(), file("a", b"1"), file("b", b"3")], vec![keyed.clone(), file("a", b"1")]]
    {
        let refused = submit(&scene, &other).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    }
    let plain = r#"{"agent":"quiet","action":"run","idempotency_key":"k"}"#;
    assert_eq!(scene.api(Method::POST, "/api/v1/jobs", plain).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn files_of_another_job_come_along() {
    let scene = Scene::new().await;
    let first = submit(&scene, &[job(JOB), file("a", b"1"), file("b", b"2")]).await.json();
    let id = first["id"].as_str().expect("an id");
    let with = format!(r#"{{"agent":"quiet","action":"run","files_of":"{id}"}}"#);
    let copy = scene.api(Method::POST, "/api/v1/jobs", &with).await;
    assert_eq!(
        (copy.status, &copy.json()["inputs"]),
        (StatusCode::CREATED, &first["inputs"]),
        "{}",
        copy.text
    );
    let changed = submit(&scene, &[job(&with), file("b", b"other")]).await.json();
    assert_eq!((&changed["inputs"][0], &changed["inputs"][1]["size"]), (&first["inputs"][0], &json!(5)));
    let found = scene.get(&format!("/api/v1/jobs/{}/inputs/a", changed["id"].as_str().expect("an id"))).await;
    assert_eq!(found.text, "1");
    let nobody = r#"{"agent":"quiet","action":"run","files_of":"01JD9Z6W3NQ8Y5R2K7M4T1X0VB"}"#;
    let refused = scene.api(Method::POST, "/api/v1/jobs", nobody).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text.contains("whose files"));
    let more = submit(&scene, &[job(&with), file("c", b"3"), file("d", b"4")]).await;
    assert!(
        more.status == StatusCode::PAYLOAD_TOO_LARGE && more.text.contains("jobs.input_files"),
        "{}",
        more.text
    );
}

#[tokio::test]
async fn who_looks_for_files_where_there_are_none_is_told_where_they_go() {
    let scene = Scene::new().await;
    let told = |answer: &Answer| answer.text.contains("multipart/form-data");
    for field in ["file", "files", "inputs", "input_files"] {
        let body = format!(r#"{{"agent":"quiet","action":"run","{field}":[]}}"#);
        let refused = scene.api(Method::POST, "/api/v1/jobs", &body).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && told(&refused), "{}", refused.text);
        let lines = request("POST", "/api/v1/jobs/bulk").header("authorization", format!("Bearer {TOKEN}"));
        let lines = lines.header("content-type", "application/jsonl").body(Body::from(body.clone()));
        let refused = scene.send(lines.expect("a request")).await;
        assert!(refused.text.contains("422") && told(&refused), "{}", refused.text);
        let schedule = format!(r#"{{"cron":"0 6 * * *","agent":"quiet","action":"run","{field}":[]}}"#);
        let refused = scene.api(Method::PUT, "/api/v1/schedules/nightly", &schedule).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && told(&refused), "{}", refused.text);
    }
    assert_eq!(jobs(&scene).await, 0);
}

/// Sends a form as a browser does.
async fn by_browser(scene: &Scene, parts: &[Vec<u8>]) -> Answer {
    let request = request("POST", "/submit")
        .header("cookie", scene.cookie().await)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(Body::from(form(parts)));
    scene.send(request.expect("a request")).await
}

fn field(name: &str, value: &str) -> Vec<u8> {
    part(name, "", value.as_bytes())
}

fn chosen(name: &str, bytes: &[u8]) -> Vec<u8> {
    part("files", &format!("; filename=\"{name}\"\r\nContent-Type: text/markdown"), bytes)
}

fn fields(raw: &str) -> Vec<Vec<u8>> {
    [("agent", "quiet"), ("action", "run"), ("mode", "raw"), ("raw", raw), ("tags", "one")]
        .map(|(name, value)| field(name, value))
        .to_vec()
}

#[tokio::test]
async fn the_panels_form_takes_files_and_keeps_what_was_typed() {
    let scene = Scene::new().await;
    let none = by_browser(&scene, &[fields("{}"), vec![chosen("", b"")]].concat()).await;
    assert_eq!(none.status, StatusCode::SEE_OTHER, "{}", none.text);
    let two =
        by_browser(&scene, &[fields("{}"), vec![chosen("a.md", b"# A"), chosen("b", b"")]].concat()).await;
    let place = two.header("location").to_owned();
    let id = place.strip_prefix("/jobs/").expect("the job's page");
    let inputs = scene.get(&format!("/api/v1/jobs/{id}/inputs")).await.json();
    assert_eq!(
        (&inputs["items"][0]["media_type"], &inputs["items"][1]["size"]),
        (&json!("text/markdown"), &json!(0))
    );
    let bad = by_browser(&scene, &[fields("[1]"), vec![chosen("../a", b"1")]].concat()).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    for says in [
        "`../a`",
        "Choose the files again",
        "value=\"one\"",
        "enctype=\"multipart/form-data\"",
        "At most 3 files",
    ] {
        assert!(bad.text.contains(says), "{says}: {}", bad.text);
    }
    let unread = by_browser(&scene, &[fields("{"), vec![chosen("a", b"1")]].concat()).await;
    assert!(
        unread.status == StatusCode::UNPROCESSABLE_ENTITY && unread.text.contains("Choose the files again")
    );

    // A job that is submitted again offers its files.
    let cookie = scene.cookie().await;
    let like = request("GET", &format!("/submit?like={id}")).header("cookie", cookie);
    let like = scene.send(like.body(Body::empty()).expect("a request")).await;
    assert!(like.text.contains("With the files of the other job: a.md, b"), "{}", like.text);
    let again =
        [fields("{}"), vec![field("like", id), field("files_of", "on"), chosen("b", b"new")]].concat();
    let again = by_browser(&scene, &again).await.header("location").replace("/jobs/", "/api/v1/jobs/");
    let inputs = scene.get(&format!("{again}/inputs")).await.json();
    assert_eq!((&inputs["items"][0]["name"], &inputs["items"][1]["size"]), (&json!("a.md"), &json!(3)));
    let without = by_browser(&scene, &[fields("{}"), vec![field("like", id)]].concat()).await;
    let without = without.header("location").replace("/jobs/", "/api/v1/jobs/");
    assert_eq!(scene.get(&format!("{without}/inputs")).await.json()["items"], json!([]));
}

#[tokio::test]
async fn an_export_takes_files_along_and_an_import_checks_them() {
    let (one, other) = (Scene::new().await, Scene::new().await);
    let later = r#"{"agent":"quiet","action":"run","run_at":"2999-01-01T00:00:00Z"}"#;
    let waiting = submit(&one, &[job(later), file("a.txt", b"hello"), file("b", b"")]).await.json();
    let cancelled = submit(&one, &[job(later), file("a.txt", b"hello")]).await.json();
    let id = |job: &Value| job["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/jobs/{}/cancel", id(&cancelled));
    assert_eq!(one.api(Method::POST, &path, "").await.status, StatusCode::OK);
    let bare = one.get("/api/v1/jobs/export").await.text;
    let whole = one.get("/api/v1/jobs/export?files=true").await.text;
    assert!(!bare.contains("input_bytes") && whole.contains("aGVsbG8="));
    let import = async |text: &str| {
        let sent = request("POST", "/api/v1/jobs/import").header("authorization", format!("Bearer {TOKEN}"));
        let sent = sent.header("content-type", "application/x-ndjson").body(Body::from(text.to_owned()));
        let answer = other.send(sent.expect("a request")).await;
        answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
    };
    // What still runs needs its files; what is over can do without.
    let told = import(&bare).await;
    assert_eq!((&told[0]["status"], &told[1]["status"]), (&json!(409), &json!(201)), "{told:?}");
    assert!(told[0]["detail"].as_str().is_some_and(|detail| detail.contains("`a.txt`")), "{told:?}");
    for (wrong, says) in [
        (whole.replace("aGVsbG8=", "aGVsbG8"), "no base64"),
        (whole.replace("aGVsbG8=", "aGVsbG9v"), "not those of its digest"),
        (whole.replace("\"name\":\"a.txt\"", "\"name\":\"../a.txt\""), "relative path"),
        (whole.replace("text/plain", "text/\\u0000"), "media type"),
    ] {
        let told = import(&wrong).await;
        assert!(told[0]["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{says}: {told:?}");
    }
    let told = import(&whole).await;
    assert_eq!((&told[0]["came"], &told[1]["came"]), (&json!("submitted"), &json!("existing")), "{told:?}");
    let there = other.get(&format!("/api/v1/jobs/{}", id(&waiting))).await.json();
    assert_eq!(there["inputs"], waiting["inputs"]);
    assert_eq!(other.get(&format!("/api/v1/jobs/{}/inputs/a.txt", id(&waiting))).await.text, "hello");
}
