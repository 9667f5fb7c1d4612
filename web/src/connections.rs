//! The connections of both faces: so many at once, each with so long for a request's head. A stranger that opens many
//! and says little holds its own places, for seconds, and never the files that the host needs.

use crate::lingering::Lingering;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// How long a connection may take for the head of its next request, idle time included.
const HEAD: Duration = Duration::from_secs(30);
/// How long the host waits after the system had no socket for it.
const PAUSE: Duration = Duration::from_millis(500);

/// Answers connections until `shutdown` turns true (or its sender is gone) and the open requests are answered; at most
/// `most` at once, and those that come then wait.
pub(crate) async fn answer(
    listener: TcpListener,
    router: Router,
    most: usize,
    mut shutdown: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(most));
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = shutdown.wait_for(|stop| *stop) => break,
            Some(_) = open.join_next() => continue,
            accepted = next(&listener, &places) => accepted,
        };
        match accepted {
            Ok((socket, peer, place)) => {
                let answered = connection(socket, peer, router.clone(), shutdown.clone());
                open.spawn(async move {
                    answered.await;
                    drop(place);
                });
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken just now");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn next(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (socket, peer) = listener.accept().await?;
    Ok((socket, peer, place))
}

/// Whether who wanted to connect is gone again.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers the requests of one connection.
async fn connection(
    socket: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut shutdown: watch::Receiver<bool>,
) {
    // Answers and events are small: without this they wait for the client's delayed acknowledgement.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "a socket keeps its delay");
    }
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let answered = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(Lingering::new(socket)), service);
    let mut answered = pin!(answered);
    let stopped = async {
        let _ = shutdown.wait_for(|stop| *stop).await;
    };
    let ended = tokio::select! {
        ended = answered.as_mut() => Some(ended),
        () = stopped => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            answered.as_mut().graceful_shutdown();
            answered.await
        }
    };
    // A client that goes, or says what is no HTTP, is told so by its own side.
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}
