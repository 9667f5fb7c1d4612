//! Static files, part of the binary. Their addresses carry their hash, so that they can be kept for ever.

use crate::permission::Permission;
use crate::problem::Problem;
use crate::routes::Routes;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    media: &'static str,
    bytes: &'static [u8],
    hash: String,
}

macro_rules! assets {
    ($($name:literal $media:literal $file:literal;)*) => {
        static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| vec![$({
            let bytes: &'static [u8] = include_bytes!(concat!("../static/", $file));
            let hash = blake3::hash(bytes).to_hex()[..16].to_owned();
            Asset { name: $name, media: $media, bytes, hash }
        }),*]);
    };
}

assets! {
    "app.css" "text/css; charset=utf-8" "app.css";
    "app.js" "text/javascript; charset=utf-8" "app.js";
    "theme.js" "text/javascript; charset=utf-8" "theme.js";
    "icon.svg" "image/svg+xml" "icon.svg";
    "anvil-client.js" "text/javascript; charset=utf-8" "anvil-client.js";
    "htmx.js" "text/javascript; charset=utf-8" "vendor/htmx-4.0.1.min.js";
    "hx-sse.js" "text/javascript; charset=utf-8" "vendor/hx-sse-4.0.1.min.js";
}

/// The address of a file. A name that is unknown gives an address where nothing is.
pub(crate) fn url(name: &str) -> String {
    let hash = ASSETS.iter().find(|asset| asset.name == name).map_or("missing", |asset| &asset.hash);
    format!("/static/{hash}/{name}")
}

/// Adds the routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Permission::Open, Method::GET, "/static/{hash}/{name}", "A static file", serve).route(
        Permission::Open,
        Method::GET,
        "/static/{name}",
        "A static file, by an address that stays",
        newest,
    )
}

async fn newest(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    serve(Path((String::new(), name)), headers).await
}

pub(crate) async fn serve(
    Path((hash, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == name).ok_or_else(|| {
        Problem::not_found(
            "no-such-file",
            "There is no such file",
            format!("there is no static file `{name}`"),
        )
    })?;
    let tag = format!("\"{}\"", asset.hash);
    // A page of an older host may still ask for the file under its old address: it gets the new one,
    // but must not keep it there.
    let keep = if hash == asset.hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut answer = HeaderMap::new();
    answer.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(ETAG, tag);
    }
    if headers.get(IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media));
    Ok((answer, asset.bytes).into_response())
}
