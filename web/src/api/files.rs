//! A job's files: those that it was submitted with, and those that it handed over. Their bytes and media types are untrusted: they are handed over, never run.

use crate::ask::{Artifact, Input, Known};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::List;
use anvil_types::{ArtifactInfo, ArtifactName, InputInfo, Job, turns_direction};
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use std::fmt::Write as _;

pub(super) async fn list(
    State(state): State<WebState>,
    Known(job): Known<Job>,
) -> Result<Json<List<ArtifactInfo>>, Problem> {
    Ok(Json(List::whole(state.control.jobs.artifacts(job.id).await?)))
}

pub(super) async fn download(file: Artifact) -> Response {
    attachment(&file.info.name, file.bytes)
}

pub(super) async fn inputs(Known(job): Known<Job>) -> Json<List<InputInfo>> {
    Json(List::whole(job.inputs))
}

pub(super) async fn download_input(file: Input) -> Response {
    attachment(&file.info.name, file.bytes)
}

/// Bytes as a download. The media type is not the plugin's: a browser is never told to render.
fn attachment(name: &ArtifactName, bytes: Vec<u8>) -> Response {
    let text = std::str::from_utf8(&bytes).is_ok();
    let media = if text { "text/plain; charset=utf-8" } else { "application/octet-stream" };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'"),
    );
    let name = name.as_str().rsplit('/').next().unwrap_or("file").replace(turns_direction, "_");
    let disposition = HeaderValue::from_str(&disposition(&name));
    headers.insert(CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    (headers, bytes).into_response()
}

/// RFC 6266: a plain name for old clients, the exact one in `filename*`.
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect();
    let mut exact = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(exact, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_download_that_no_browser_runs() {
        let name = "out/ü \"x\".html".parse().expect("a name");
        let response = attachment(&name, b"<b>!".to_vec());
        assert_eq!(response.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(
            response.headers()[CONTENT_DISPOSITION],
            "attachment; filename=\"_ _x_.html\"; filename*=UTF-8''%C3%BC%20%22x%22.html"
        );
        let turned = attachment(&"a\u{202e}gnp.exe".parse().expect("a name"), Vec::new());
        assert_eq!(
            turned.headers()[CONTENT_DISPOSITION],
            "attachment; filename=\"a_gnp.exe\"; filename*=UTF-8''a_gnp.exe"
        );
        assert!(response.headers()[CONTENT_SECURITY_POLICY].to_str().expect("text").starts_with("sandbox"));
    }
}
