//! A plugin as a body, or as the file of a form: written into the plugins folder as it comes, so that memory has a piece
//! of it at a time.

use super::body::{is_plain, media_type};
use super::form_parts::{FormParts, Piece};
use super::with_files::{boundary, drain, stalled, unreadable};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_control::PluginUpload;
use axum::body::BodyDataStream;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use std::time::Duration;
use tokio::time::timeout;
use tokio_stream::StreamExt;

/// The field of the form.
const PLUGIN: &str = "plugin";
/// How long nothing may come of a body that is still to come.
const STALLED: Duration = Duration::from_mins(1);
/// How much of a body that is refused is read and thrown away: who still sends sees no answer.
const DRAIN: u64 = 1 << 30;

/// A plugin that has come.
#[derive(Debug)]
pub(crate) struct PluginBody(pub(crate) PluginUpload);

impl FromRequest<WebState> for PluginBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Problem> {
        let parts = boundary(request.headers())?;
        if parts.is_none() {
            is_wasm(&request)?;
        }
        let mut incoming = state.control.agents.incoming().await?;
        let mut chunks = request.into_body().into_data_stream();
        let came = match parts {
            Some(parts) => of_form(&mut incoming, parts, &mut chunks).await,
            None => whole(&mut incoming, &mut chunks).await,
        };
        if let Err(problem) = came {
            drain(chunks, DRAIN).await;
            return Err(problem);
        }
        Ok(Self(incoming))
    }
}

fn is_wasm(request: &Request) -> Result<(), Problem> {
    is_plain(request.headers())?;
    let media = media_type(request.headers());
    if matches!(media.as_deref(), Some("application/wasm" | "application/octet-stream")) {
        return Ok(());
    }
    let given = media.map_or("no Content-Type".to_owned(), |media| format!("the Content-Type `{media}`"));
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "wrong-content-type",
        "The body has the wrong type",
        format!("the request has {given}; send the plugin with `Content-Type: application/wasm`"),
    ))
}

async fn whole(incoming: &mut PluginUpload, chunks: &mut BodyDataStream) -> Result<(), Problem> {
    while let Some(chunk) = next(chunks).await? {
        incoming.write(&chunk).await?;
    }
    Ok(())
}

/// The file of a form; its other parts are nobody's.
async fn of_form(
    incoming: &mut PluginUpload,
    mut parts: FormParts,
    chunks: &mut BodyDataStream,
) -> Result<(), Problem> {
    let (mut is_plugin, mut came) = (false, false);
    while let Some(chunk) = next(chunks).await? {
        parts.feed(&chunk);
        while let Some(piece) = parts.next().map_err(|why| unreadable(&why))? {
            match piece {
                Piece::Head(head) => {
                    is_plugin =
                        head.name == PLUGIN && head.file.as_ref().is_some_and(|name| !name.is_empty());
                    if is_plugin && std::mem::replace(&mut came, true) {
                        return Err(unreadable("it has two plugins"));
                    }
                }
                Piece::Bytes(bytes) if is_plugin => incoming.write(&bytes).await?,
                Piece::Bytes(_) | Piece::End => {}
            }
        }
    }
    if !parts.is_over() {
        return Err(unreadable("it ended before its last boundary"));
    }
    if came {
        return Ok(());
    }
    let detail = "the form has no file in its field `plugin`; choose a .wasm file";
    Err(Problem::invalid("missing-part", "There is no file", detail))
}

async fn next(chunks: &mut BodyDataStream) -> Result<Option<bytes::Bytes>, Problem> {
    match timeout(STALLED, chunks.next()).await {
        Ok(Some(chunk)) => chunk.map(Some).map_err(|error| unreadable(&format!("it broke off: {error}"))),
        Ok(None) => Ok(None),
        Err(_) => Err(stalled()),
    }
}
