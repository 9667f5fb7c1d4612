//! Files that are sent with a job.

use super::source::Source;
use crate::failure::Failure;
use anvil_types::ArtifactName;
use clap::builder::{OsStringValueParser, TypedValueParser};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use rand::RngExt as _;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::{Component, Path};

/// A file to send: what the job has it as, and where it is (`-` for standard input).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentFile {
    pub(crate) name: ArtifactName,
    pub(crate) from: OsString,
}

/// Reads `PATH` or `NAME=PATH` of the command line. A path may be of any bytes.
pub(crate) fn parser() -> impl TypedValueParser<Value = SentFile> {
    OsStringValueParser::new().try_map(|text| file(&text))
}

/// Reads `PATH` or `NAME=PATH`. A path below this folder is its own name; of any other the last part is.
fn file(text: &OsStr) -> Result<SentFile, String> {
    let (name, from) = match split(text) {
        Some((name, from)) => (
            name.to_str().ok_or("what stands before `=` is to be its name, and is no UTF-8")?.to_owned(),
            from,
        ),
        None if text == "-" => ("stdin".to_owned(), text),
        None if text.is_empty() => return Err("a path of a file, or NAME=PATH, is expected".to_owned()),
        None if text.to_str().is_none() => {
            return Err("its path is no UTF-8, and cannot be its name; give one as NAME=PATH".to_owned());
        }
        None => (own_name(Path::new(text)).ok_or("a path of a file, or NAME=PATH, is expected")?, text),
    };
    if from.is_empty() {
        return Err("a path is expected after `=`".to_owned());
    }
    let name = name
        .parse()
        .map_err(|error| format!("`{name}` cannot be its name: {error}; give one as NAME=PATH"))?;
    Ok(SentFile { name, from: from.to_owned() })
}

/// What stands before the first `=`, and what behind it.
#[cfg(unix)]
fn split(text: &OsStr) -> Option<(&OsStr, &OsStr)> {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b'=')?;
    Some((OsStr::from_bytes(&bytes[..at]), OsStr::from_bytes(&bytes[at + 1..])))
}

#[cfg(not(unix))]
fn split(text: &OsStr) -> Option<(&OsStr, &OsStr)> {
    text.to_str()?.split_once('=').map(|(name, from)| (OsStr::new(name), OsStr::new(from)))
}

fn own_name(path: &Path) -> Option<String> {
    let below = |part: Component<'_>| match part {
        Component::Normal(part) => Some(part.to_str()?.to_owned()),
        _ => None,
    };
    let parts = path.components().filter(|part| *part != Component::CurDir).map(below);
    let whole = parts.collect::<Option<Vec<_>>>().filter(|parts| !parts.is_empty());
    whole.map(|parts| parts.join("/")).or_else(|| Some(path.file_name()?.to_str()?.to_owned()))
}

/// A job with its files, as it is sent.
pub(super) struct Form {
    /// What stands between the parts.
    pub(super) boundary: String,
    /// How long it is, where all of its files say how long they are.
    pub(super) length: Option<u64>,
    /// The parts, piece by piece.
    pub(super) body: BoxStream<'static, std::io::Result<Vec<u8>>>,
}

impl Form {
    /// Opens the files; they are read when they are sent.
    pub(super) async fn of(job: Vec<u8>, files: &[SentFile]) -> Result<Self, Failure> {
        if let Some(twice) = files.iter().enumerate().find(|(at, file)| same(&files[..*at], file)) {
            let name = &twice.1.name;
            return Err(Failure::Usage(format!(
                "two files are called `{name}`; give one of them another NAME=PATH"
            )));
        }
        let boundary = format!("anvil-{:032x}", rand::rng().random::<u128>());
        let mut length = Some(0_u64);
        let mut parts: Vec<BoxStream<'static, std::io::Result<Vec<u8>>>> = Vec::new();
        let mut text = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"job\"\r\n\
             Content-Type: application/json\r\n\r\n"
        )
        .into_bytes();
        text.extend(job);
        for file in files {
            text.extend(head(&boundary, file).into_bytes());
            let source = Source::open(&file.from).await?;
            length = length.zip(source.bytes).map(|(sum, size)| sum + text.len() as u64 + size);
            parts.push(once(std::mem::take(&mut text)));
            parts.push(source.pieces().boxed());
        }
        text.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
        length = length.map(|sum| sum + text.len() as u64);
        parts.push(once(text));
        Ok(Self { boundary, length, body: stream::iter(parts).flatten().boxed() })
    }
}

fn same(before: &[SentFile], file: &SentFile) -> bool {
    before.iter().any(|other| other.name == file.name)
}

fn once(bytes: Vec<u8>) -> BoxStream<'static, std::io::Result<Vec<u8>>> {
    stream::iter([Ok(bytes)]).boxed()
}

/// What stands before a file's bytes.
fn head(boundary: &str, file: &SentFile) -> String {
    let name = file.name.as_str();
    let mut named = format!("filename=\"{}\"", name.replace('"', "%22"));
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/ ".contains(&byte)) {
        named.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            // Writing to a String cannot fail.
            let _ = write!(named, "%{byte:02X}");
        }
    }
    format!(
        "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; {named}\r\nContent-Type: {}\r\n\r\n",
        media_type(name)
    )
}

/// What a file is by the ending of its name, for those that agents are likely to be given.
pub(crate) fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit('/').next().and_then(|last| last.rsplit_once('.')).map(|(_, ending)| ending);
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("txt" | "log") => "text/plain",
        Some("md") => "text/markdown",
        Some("csv") => "text/csv",
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("js" | "mjs") => "text/javascript",
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        Some("yaml" | "yml") => "application/yaml",
        Some("toml") => "application/toml",
        Some("pdf") => "application/pdf",
        Some("zip") => "application/zip",
        Some("gz") => "application/gzip",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_path_for_a_name_where_that_leads_nowhere_else() {
        for (text, name, from) in [
            ("brief.md", "brief.md", "brief.md"),
            ("./src/main.rs", "src/main.rs", "./src/main.rs"),
            ("/etc/hosts", "hosts", "/etc/hosts"),
            ("../other/a.txt", "a.txt", "../other/a.txt"),
            ("docs/x.md=/tmp/y", "docs/x.md", "/tmp/y"),
            ("a=b=c", "a", "b=c"),
            ("-", "stdin", "-"),
            ("data.csv=-", "data.csv", "-"),
        ] {
            let read = file(text.as_ref()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((read.name.as_str(), read.from.as_os_str()), (name, OsStr::new(from)), "{text}");
        }
        for bad in ["", "..", "/", "a=", "=b", "../x=b", "a\\b=c"] {
            assert!(file(bad.as_ref()).is_err(), "{bad:?}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_path_of_any_bytes_is_read_under_a_name_that_is_given() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        for byte in (0x80..=0xff).step_by(9) {
            let own = [b'a', byte, b'.', b't'];
            // Not every disk takes such a name; of those that do, each is read.
            let path = folder.path().join(OsStr::from_bytes(&own));
            if std::fs::write(&path, b"content").is_err() {
                return;
            }
            assert!(file(OsStr::from_bytes(&own)).is_err_and(|error| error.contains("NAME=PATH")));
            let mut named = OsString::from("brief.txt=");
            named.push(&path);
            let sent = file(&named).expect("it has a name");
            assert_eq!((sent.name.as_str(), &sent.from), ("brief.txt", &path.clone().into_os_string()));
            let form = Form::of(b"{}".to_vec(), &[sent]).await.expect("it opens");
            let body: Vec<u8> =
                form.body.map(|piece| piece.expect("read")).collect::<Vec<_>>().await.concat();
            assert!(body.windows(7).any(|part| part == b"content"));
            let unnamed = [b'a', byte, b'=', b'x'];
            assert!(file(OsStr::from_bytes(&unnamed)).is_err_and(|error| error.contains("no UTF-8")));
        }
    }

    #[tokio::test]
    async fn a_form_is_as_long_as_it_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, vec![7; 100_000]).expect("written");
        let named = |name: &str| SentFile {
            name: name.parse().expect("a name"),
            from: path.clone().into_os_string(),
        };
        let files = [named("ü 100%.png"), named("b/c")];
        let Form { boundary, length, body } = Form::of(b"{}".to_vec(), &files).await.expect("it opens");
        let sent: Vec<u8> = body.map(|piece| piece.expect("read")).collect::<Vec<_>>().await.concat();
        assert_eq!(length, Some(sent.len() as u64));
        let text = String::from_utf8_lossy(&sent);
        for says in [
            "name=\"job\"\r\nContent-Type: application/json\r\n\r\n{}\r\n--",
            "filename*=UTF-8''%C3%BC%20%31%30%30%25%2E%70%6E%67\r\nContent-Type: image/png",
            "name=\"file\"; filename=\"b/c\"\r\nContent-Type: application/octet-stream\r\n\r\n\u{7}",
        ] {
            assert!(text.contains(says), "{says}");
        }
        assert!(text.ends_with(&format!("\u{7}\r\n--{boundary}--\r\n")));
        assert!(Form::of(Vec::new(), &[named("a"), named("a")]).await.is_err());
    }
}
