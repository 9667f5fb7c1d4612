//! A socket that is closed without taking its last answer back. A system that closes a socket with unread bytes resets
//! the connection, and a client that still sends then sees "broken pipe" in place of the answer that refused it: so
//! what it still sends is read and thrown away first, within bounds (nginx calls this a lingering close).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// A client that sent nothing for so long is not in the midst of something when its connection is closed.
const QUIET: Duration = Duration::from_secs(1);
/// How long a client may go on to send after the last answer.
const LONGEST: Duration = Duration::from_secs(10);
/// Bytes that are thrown away at a time.
const AT_ONCE: usize = 16 << 10;

/// A socket that is read until its peer is done with it, or for [`LONGEST`], after its last byte was written.
#[derive(Debug)]
pub(crate) struct Lingering {
    socket: TcpStream,
    /// When bytes last came.
    heard: Instant,
    /// Since the last byte went out.
    closing: Option<Closing>,
}

#[derive(Debug)]
struct Closing {
    until: Instant,
    /// Rings when nothing came for [`QUIET`], or at `until`.
    bell: Pin<Box<Sleep>>,
}

impl Lingering {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self { socket, heard: Instant::now(), closing: None }
    }

    /// Throws away what comes; ready where the peer has ended, says nothing more, or has had its time.
    fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(closing) = &mut self.closing else { return Poll::Ready(()) };
        let mut scrap = [0_u8; AT_ONCE];
        loop {
            if closing.bell.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let mut thrown = ReadBuf::new(&mut scrap);
            match ready!(Pin::new(&mut self.socket).poll_read(context, &mut thrown)) {
                Ok(()) if !thrown.filled().is_empty() => {
                    let next = closing.until.min(Instant::now() + QUIET);
                    closing.bell.as_mut().reset(next);
                }
                _ => return Poll::Ready(()),
            }
        }
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.socket).poll_read(context, buffer));
        if buffer.filled().len() > before {
            self.heard = Instant::now();
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() {
            ready!(Pin::new(&mut self.socket).poll_shutdown(context))?;
            let now = Instant::now();
            // Who has been idle has its answer: a stop does not wait for it.
            if now.duration_since(self.heard) > QUIET {
                return Poll::Ready(Ok(()));
            }
            let bell = Box::pin(sleep_until(now + QUIET));
            self.closing = Some(Closing { until: now + LONGEST, bell });
        }
        self.poll_drained(context).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::super::connections;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;
    use std::net::SocketAddr;
    use std::time::{Duration, Instant};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::watch;
    use tokio::task::JoinHandle;

    /// Refuses each request without reading its body.
    async fn refusing() -> (SocketAddr, watch::Sender<bool>, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/", post(|| async { (StatusCode::PAYLOAD_TOO_LARGE, "too much") }));
        let (stop, stopped) = watch::channel(false);
        (address, stop, tokio::spawn(connections::answer(listener, router, 10, stopped)))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_client_that_sends_all_of_it_before_it_reads_sees_the_refusal() {
        let (address, _stop, _) = refusing().await;
        let body = vec![b'x'; 4 << 20];
        for _ in 0..20 {
            let mut socket = TcpStream::connect(address).await.expect("connected");
            let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
            socket.write_all(head.as_bytes()).await.expect("the head is taken");
            socket.write_all(&body).await.expect("all of it is taken");
            let mut answer = String::new();
            socket.read_to_string(&mut answer).await.expect("the answer comes whole");
            assert!(answer.starts_with("HTTP/1.1 413") && answer.ends_with("too much"), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_client_that_never_ends_holds_its_connection_for_seconds() {
        let (address, _stop, _) = refusing().await;
        let began = Instant::now();
        let mut socket = TcpStream::connect(address).await.expect("connected");
        let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n";
        socket.write_all(head.as_bytes()).await.expect("the head is taken");
        while socket.write_all(b"more").await.is_ok() {
            assert!(began.elapsed() < super::LONGEST * 2, "it is still read");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(began.elapsed() > super::QUIET, "it was cut off at once");
    }

    #[tokio::test]
    async fn one_that_says_nothing_more_is_not_waited_for() {
        let (address, stop, host) = refusing().await;
        let mut socket = TcpStream::connect(address).await.expect("connected");
        socket.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await.expect("taken");
        let mut start = [0_u8; 12];
        socket.read_exact(&mut start).await.expect("an answer");
        tokio::time::sleep(super::QUIET + Duration::from_millis(100)).await;
        let began = Instant::now();
        stop.send_replace(true);
        host.await.expect("it ends");
        assert!(began.elapsed() < super::QUIET, "{:?}", began.elapsed());
        // Open on this side until now, as an idle connection of a pool is.
        drop(socket);
    }
}
