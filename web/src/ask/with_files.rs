//! A body that files may come with: JSON, or the fields of a form, alone; or the same as parts of a
//! `multipart/form-data` body with the files beside them. Those are taken in as they come, and are nobody's until a
//! job has them.

use super::body::{is_plain, media_type};
use super::form::Form;
use super::form_parts::{FormParts, Piece};
use super::object::Object;
use super::part_head::PartHead;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_control::{SubmitError, Upload};
use anvil_types::{NewInput, clip, encoding};
use axum::body::BodyDataStream;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_stream::StreamExt;

/// The part that is the job.
const JOB: &str = "job";
/// Parts that are files: of the API, and of the panel's form.
const FILE: &str = "file";
const FILES: &str = "files";
/// What a part costs beside its bytes: boundary and head.
const AROUND_A_PART: u64 = 9 << 10;
/// Parts beside the files.
const FIELDS: u64 = 128;
/// What a file is that does not say.
const ANY_BYTES: &str = "application/octet-stream";
/// How long nothing may come of a body that is still to come.
const STALLED: Duration = Duration::from_mins(1);
/// How much of a body that is refused is read and thrown away, and for how long at most: a client that is cut off while
/// it sends never sees the answer. One that said how much it sends is let come to its end; of another it is a multiple
/// of what a body may have.
const DRAIN_ANNOUNCED: u64 = 1 << 30;
const DRAIN: u64 = 8;
const DRAIN_FOR: Duration = Duration::from_secs(30);

/// A body, and the files that came with it; or why those are not taken in.
#[derive(Debug)]
pub(crate) struct WithFiles<T> {
    pub(crate) body: T,
    pub(crate) files: Result<Vec<NewInput>, SubmitError>,
}

/// The API's: a part `job`, and parts `file`.
impl FromRequest<WebState> for WithFiles<Object> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Problem> {
        let Some(parts) = boundary(request.headers())? else {
            return Ok(Self { body: Object::from_request(request, state).await?, files: Ok(Vec::new()) });
        };
        let Parts { texts, files, refused } = take(request, parts, state, |head| match head.name.as_str() {
            JOB => Ok(Kind::Text),
            FILE if head.file.is_some() => Ok(Kind::File),
            FILE => Err(Problem::invalid(
                "unnamed-file",
                "A file has no name",
                "a part `file` has no filename; give it one, as in `filename=\"brief.md\"`",
            )),
            other => Err(Problem::invalid(
                "unknown-part",
                "There is no such part",
                format!(
                    "the form has a part `{}`; its parts are `{JOB}`, the job as JSON, and `{FILE}`, once for each file",
                    clip(other)
                ),
            )),
        })
        .await?;
        if let Some(refused) = refused {
            return Err(refused.into());
        }
        let mut texts = texts.into_iter();
        let Some((_, job)) = texts.next() else {
            let detail = format!("the form has no part `{JOB}`; it is the job, as JSON");
            return Err(Problem::invalid("missing-part", "The job is missing", detail));
        };
        if texts.next().is_some() {
            return Err(unreadable(&format!("it has two parts `{JOB}`")));
        }
        if files.is_empty() {
            let detail = format!("the form has no part `{FILE}`; send a job without files as JSON");
            return Err(Problem::invalid("missing-part", "There is no file", detail));
        }
        Ok(Self { body: Object::parse(&job)?, files: Ok(files) })
    }
}

/// The panel's: fields, and parts `files`. What is typed is kept where a file is refused.
impl FromRequest<WebState> for WithFiles<Form> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Problem> {
        let Some(parts) = boundary(request.headers())? else {
            return Ok(Self { body: Form::from_request(request, state).await?, files: Ok(Vec::new()) });
        };
        let kind = |head: &PartHead| {
            let file = head.name == FILES && head.file.is_some();
            Ok(if file { Kind::File } else { Kind::Text })
        };
        let Parts { texts, files, refused } = take(request, parts, state, kind).await?;
        let mut pairs = Vec::with_capacity(texts.len());
        for (name, bytes) in texts {
            let text = encoding::utf8(&bytes).map_err(|error| unreadable(&format!("`{name}`: {error}")))?;
            pairs.push((name, text.to_owned()));
        }
        Ok(Self { body: Form(pairs), files: refused.map_or(Ok(files), Err) })
    }
}

/// A form whose parts come after one another; none where the body is of another type.
pub(super) fn boundary(headers: &HeaderMap) -> Result<Option<FormParts>, Problem> {
    let media = media_type(headers);
    match media.as_deref() {
        Some("multipart/form-data") => is_plain(headers)?,
        Some(other) if other.starts_with("multipart/") => {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "wrong-content-type",
                "The body has the wrong type",
                format!(
                    "the request has the Content-Type `{other}`; send JSON, or the job and its files as \
                     `multipart/form-data`"
                ),
            ));
        }
        _ => return Ok(None),
    }
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = given.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    let parts = boundary.and_then(FormParts::new);
    let parts = parts.ok_or_else(|| {
        unreadable("its Content-Type has no boundary, or one that cannot be: 1 to 70 plain characters")
    })?;
    Ok(Some(parts))
}

pub(super) fn unreadable(why: &str) -> Problem {
    Problem::bad_request(
        "malformed-form",
        "The form cannot be read",
        format!("the form makes no sense: {why}"),
    )
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    File,
}

/// The parts of a form.
struct Parts {
    /// The texts, by the names of their fields.
    texts: Vec<(String, Vec<u8>)>,
    files: Vec<NewInput>,
    /// Why a file was refused, where one was.
    refused: Option<SubmitError>,
}

/// Takes a form in. What of it is refused is read all the same, within bounds: who still sends sees no answer.
async fn take(
    request: Request,
    parts: FormParts,
    state: &WebState,
    kind: impl Fn(&PartHead) -> Result<Kind, Problem> + Send,
) -> Result<Parts, Problem> {
    let (head, body) = request.into_parts();
    let limits = state.control.intake.widest_inputs();
    let texts = state.config.max_body_bytes as u64;
    let around = AROUND_A_PART.saturating_mul(limits.files as u64 + FIELDS);
    let most = texts.saturating_add(limits.bytes).saturating_add(around);
    let announced = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let too_large = |size: String| {
        let detail = format!(
            "the form has {size} bytes; files of a job have at most {} in all (jobs.input_bytes in the settings, or the agent's own), and \
             all else {texts} (server.max_body_bytes)",
            limits.bytes
        );
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
    };
    if let Some(length) = announced.filter(|length: &u64| *length > most) {
        // Who asks first whether it may send, has sent nothing yet.
        if !head.headers.contains_key(EXPECT) {
            drain(body.into_data_stream(), DRAIN_ANNOUNCED).await;
        }
        return Err(too_large(length.to_string()));
    }
    let mut taking = Taking {
        parts,
        upload: state.control.intake.upload(),
        texts: Vec::new(),
        room: texts,
        at: At::Nothing,
        refused: None,
    };
    let mut chunks = body.into_data_stream();
    let thrown_away = most.saturating_mul(DRAIN);
    match taking.all(&mut chunks, most, kind).await {
        Ok(true) => taking.finish().await,
        Ok(false) => {
            drain(chunks, thrown_away).await;
            // The file that was too large says more than the form that is.
            Err(taking.refused.map_or_else(|| too_large(format!("over {most}")), Problem::from))
        }
        Err(problem) => {
            drain(chunks, thrown_away).await;
            Err(problem)
        }
    }
}

pub(super) async fn drain(mut chunks: BodyDataStream, bytes: u64) {
    let until = Instant::now() + DRAIN_FOR;
    let mut seen = 0_u64;
    while seen <= bytes {
        match timeout_at(until, chunks.next()).await {
            Ok(Some(Ok(chunk))) => seen = seen.saturating_add(chunk.len() as u64),
            _ => return,
        }
    }
}

/// The part that comes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// None, or one of which nothing is kept.
    Nothing,
    Text,
    File,
    /// What a browser sends where no file was chosen: a file without a name, which has to be empty.
    NoFile,
}

/// A form on its way in.
struct Taking {
    parts: FormParts,
    upload: Upload,
    texts: Vec<(String, Vec<u8>)>,
    /// Bytes that the texts may still have.
    room: u64,
    at: At,
    refused: Option<SubmitError>,
}

impl Taking {
    /// Takes all of it; false where it goes on beyond `most` bytes.
    async fn all(
        &mut self,
        chunks: &mut BodyDataStream,
        most: u64,
        kind: impl Fn(&PartHead) -> Result<Kind, Problem>,
    ) -> Result<bool, Problem> {
        let mut seen = 0_u64;
        loop {
            let chunk = match timeout(STALLED, chunks.next()).await {
                Ok(Some(chunk)) => chunk.map_err(|error| unreadable(&format!("it broke off: {error}")))?,
                Ok(None) if self.parts.is_over() => return Ok(true),
                Ok(None) => return Err(unreadable("it ended before its last boundary")),
                Err(_) => return Err(stalled()),
            };
            seen = seen.saturating_add(chunk.len() as u64);
            if seen > most {
                return Ok(false);
            }
            self.parts.feed(&chunk);
            while let Some(piece) = self.parts.next().map_err(|why| unreadable(&why))? {
                match piece {
                    Piece::Head(head) => {
                        let kind = kind(&head)?;
                        self.begin(head, kind)?;
                    }
                    Piece::Bytes(bytes) => self.more(&bytes).await?,
                    Piece::End => self.at = At::Nothing,
                }
            }
        }
    }

    fn begin(&mut self, head: PartHead, kind: Kind) -> Result<(), Problem> {
        let name = head.file.unwrap_or_default();
        self.at = match kind {
            Kind::Text => {
                self.spend(head.name.len() + 1)?;
                self.texts.push((head.name, Vec::new()));
                At::Text
            }
            Kind::File if self.refused.is_some() => At::Nothing,
            Kind::File if name.is_empty() => At::NoFile,
            Kind::File => {
                let media_type = head.media_type.as_deref().unwrap_or(ANY_BYTES);
                let begun = self.upload.begin(&name, media_type);
                self.judge(begun)?;
                if self.refused.is_some() { At::Nothing } else { At::File }
            }
        };
        Ok(())
    }

    async fn more(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        match self.at {
            At::Nothing => Ok(()),
            At::Text => {
                self.spend(bytes.len())?;
                if let Some((_, text)) = self.texts.last_mut() {
                    text.extend_from_slice(bytes);
                }
                Ok(())
            }
            At::File => {
                let written = self.upload.write(bytes).await;
                self.judge(written)
            }
            At::NoFile => {
                let begun = self.upload.begin("", ANY_BYTES);
                self.judge(begun)
            }
        }
    }

    /// A refusal is kept, and the rest of the form read; what the host could not do ends it.
    fn judge(&mut self, done: Result<(), SubmitError>) -> Result<(), Problem> {
        match done {
            Ok(()) => Ok(()),
            Err(refused @ SubmitError::File(_)) => {
                self.at = At::Nothing;
                self.refused = Some(refused);
                Ok(())
            }
            Err(failed) => Err(failed.into()),
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Problem> {
        self.room = self.room.checked_sub(bytes as u64).ok_or_else(|| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is too large",
                "what the form has beside files is larger than server.max_body_bytes in the settings",
            )
        })?;
        Ok(())
    }

    async fn finish(self) -> Result<Parts, Problem> {
        let Self { texts, refused, upload, .. } = self;
        let files = if refused.is_some() { Vec::new() } else { upload.finish().await? };
        Ok(Parts { texts, files, refused })
    }
}

pub(super) fn stalled() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "stalled",
        "The body does not come",
        format!("nothing came of the form for {} seconds", STALLED.as_secs()),
    )
}
