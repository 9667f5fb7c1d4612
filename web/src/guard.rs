//! What every request passes before a handler sees it, and every response on its way out.

use crate::WebConfig;
use crate::ask::Query;
use crate::panel::{Asked, problem as error_page};
use crate::permission::{Permission, Via};
use crate::problem::Problem;
use crate::routes::Face;
use crate::state::WebState;
use anvil_api::NOW;
use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// Nothing from elsewhere, nothing inline, nothing evaluated.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                   connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The outermost layer: turns problems into pages for the panel, and adds the security headers.
pub(crate) async fn dress(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    let face = Face::of(request.uri().path());
    let mut response = next.run(request).await;
    if face == Face::Panel
        && let Some(problem) = response.extensions_mut().remove::<Problem>()
    {
        response = error_page(&problem, &asked);
        problem.dress(&mut response);
    }
    let headers = response.headers_mut();
    if face == Face::Api
        && let Ok(now) = HeaderValue::from_str(&state.control.clock.now().to_string())
    {
        headers.insert(HeaderName::from_static(NOW), now);
    }
    secure(headers);
    response
}

/// The headers that a browser keeps a page safe by.
pub(crate) fn secure(headers: &mut HeaderMap) {
    // A handler that serves untrusted bytes sets a stricter policy of its own.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CSP));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // `no-referrer` would turn the Origin of the panel's own forms into `null`.
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    // What a page shows is for who asked, now.
    headers.entry("cache-control").or_insert(HeaderValue::from_static("no-store"));
}

/// Refuses requests under a name that is not this server's: a page elsewhere whose name is made to
/// point here (DNS rebinding) would otherwise be same-origin with it.
pub(crate) async fn known_host(
    State(state): State<WebState>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if percent_encoding::percent_decode_str(request.uri().path()).decode_utf8().is_err() {
        return Err(Problem::bad_request(
            "bad-path",
            "The address makes no sense",
            "the path has bytes that are no UTF-8 text",
        ));
    }
    if request.headers().get_all(HOST).iter().count() > 1 {
        return Err(Problem::bad_request(
            "bad-host",
            "The Host header is there twice",
            "one of them may not be meant; send one",
        ));
    }
    // Health checks name the host as their network does, and learn nothing that matters.
    let health = matches!(request.uri().path(), "/healthz" | "/readyz");
    let host = host_of(&request);
    if health || host.as_deref().is_some_and(|host| is_allowed(host, &state.config)) {
        return Ok(next.run(request).await);
    }
    let name = host.unwrap_or_default();
    Err(Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "unknown-host",
        "This server does not answer to that name",
        format!(
            "the Host header says `{name}`, which is not among the names that this server answers to. Use \
             http://{}, or add the name to the allowed hosts in the settings",
            state.config.listen
        ),
    ))
}

fn host_of(request: &Request) -> Option<String> {
    let text = match request.headers().get(HOST) {
        Some(header) => header.to_str().ok()?.to_owned(),
        None => request.uri().authority()?.to_string(),
    };
    let authority: Authority = text.parse().ok()?;
    Some(authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase())
}

fn is_allowed(host: &str, config: &WebConfig) -> bool {
    if host == "localhost" || config.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
        return true;
    }
    // No DNS stands behind an address, so an address cannot be rebound.
    host.parse::<IpAddr>().is_ok_and(|address| {
        address.is_loopback() || address == config.listen.ip() || config.listen.ip().is_unspecified()
    })
}

/// What stands before a route.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) state: WebState,
    /// What whoever calls has to be allowed.
    pub(crate) scope: Permission,
    /// The names that the query may have.
    pub(crate) query: Arc<[&'static str]>,
}

/// Lets a request through that may do what its route asks, and asks it in words that the route knows: what is misspelt
/// would otherwise be done without what was meant.
pub(crate) async fn admit(
    State(Gate { state, scope, query }): State<Gate>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = state.keys.caller(request.headers());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    match caller {
        _ if scope == Permission::Link => {}
        _ if scope == Permission::Open => {
            // Also the login form: no other site may log a browser in.
            if changes && !is_same_origin(request.headers(), &state.config) {
                return Err(cross_origin());
            }
        }
        None => return Err(unauthorized(&request)),
        Some(caller) => {
            if caller.scope < scope {
                return Err(Problem::new(
                    StatusCode::FORBIDDEN,
                    "scope",
                    "The token may not do that",
                    format!("this needs the scope `{scope}`; the token has `{}`", caller.scope),
                ));
            }
            if changes && caller.via == Via::Cookie && !is_same_origin(request.headers(), &state.config) {
                return Err(cross_origin());
            }
        }
    }
    // To what is open for anyone, monitors and pages elsewhere add what they like; nothing hangs on it.
    if scope > Permission::Link || !query.is_empty() {
        Query::read(request.uri())?.only(&query)?;
    }
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

/// Whether the request comes from a page of this server. Browsers say so in `Sec-Fetch-Site`, or, where
/// the connection is neither TLS nor loopback, in `Origin`: this host's, or the public one before it.
fn is_same_origin(headers: &HeaderMap, config: &WebConfig) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin.is_some() && origin == config.public_url.as_deref() {
        return true;
    }
    match (origin.and_then(|origin| origin.split_once("://")), host) {
        (Some((_, origin)), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

fn cross_origin() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross-origin",
        "The request comes from another site",
        "a browser session may change things only from the panel's own pages; scripts use \
         `Authorization: Bearer` with the token instead of the cookie",
    )
}

fn unauthorized(request: &Request) -> Problem {
    let given = request
        .headers()
        .get(axum::http::header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap_or_default());
    let detail = if given.is_some_and(|given| given.to_ascii_lowercase().starts_with("bearer ")) {
        "the token in the Authorization header is not this host's; it is in the file `token` of its data folder"
    } else if given.is_some() {
        "the Authorization header is of another kind (a proxy's, perhaps); this host wants `Authorization: Bearer` with \
         the token, which is in the file `token` of its data folder, or the cookie of /login"
    } else if Face::of(request.uri().path()) == Face::Panel {
        "this browser is logged in no longer. Log in at /login in another tab, then go back here and send it again: what \
         you typed is still there"
    } else {
        "send `Authorization: Bearer` with the token, which is in the file `token` of the host's data folder, \
         or log in at /login"
    };
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "A token is needed", detail)
}

/// What is told of a handler that panicked; the panic itself is in the log already, by the process's hook.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    Problem::internal("the host met a fault of its own; its log, on standard error, says where")
        .into_response()
}
