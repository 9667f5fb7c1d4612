//! The two pipes between a program and its host.

use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

/// Bytes that a program may write in one go. It goes on when they have been read: so its lines and what it writes to
/// standard error are told in one order on every run.
const ROOM: usize = 64 * 1024;

/// A program's standard input and output, seen from the host. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pipes(Arc<Shared>);

struct Shared {
    buffers: Mutex<Buffers>,
    /// Something was said to the program, or will never be again.
    to_program: Notify,
    /// The program has written, or will never again.
    from_program: Notify,
    /// There is room again for what it writes.
    room: Notify,
    answering: AtomicBool,
}

#[derive(Default)]
struct Buffers {
    to_program: VecDeque<u8>,
    from_program: Vec<u8>,
    closed: bool,
    /// The program reads, and does nothing else until there is something to read.
    reading: bool,
}

/// What came from a program.
pub(super) enum FromProgram {
    /// Bytes.
    Bytes(Vec<u8>),
    /// Nothing any more: it has ended.
    Ended,
    /// Nothing, and it waits for a line itself.
    Waits,
}

impl Pipes {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            buffers: Mutex::default(),
            to_program: Notify::new(),
            from_program: Notify::new(),
            room: Notify::new(),
            answering: AtomicBool::new(false),
        }))
    }

    /// The program's end of its standard input.
    pub(crate) fn stdin(&self) -> Stdin {
        Stdin(self.clone())
    }

    /// The program's end of its standard output.
    pub(crate) fn stdout(&self) -> Stdout {
        Stdout(self.clone())
    }

    /// Says a line to the program; never waits.
    pub(super) fn say(&self, line: &str) {
        let mut buffers = self.buffers();
        buffers.to_program.extend(line.as_bytes());
        buffers.to_program.push_back(b'\n');
        drop(buffers);
        self.0.to_program.notify_waiters();
    }

    /// Bytes that were said to the program and that it has not read.
    pub(super) fn unread(&self) -> usize {
        self.buffers().to_program.len()
    }

    /// What the program does next, asked by whoever answers it while nothing is to be answered.
    pub(super) async fn written(&self) -> FromProgram {
        loop {
            let more = self.0.from_program.notified();
            let mut more = std::pin::pin!(more);
            more.as_mut().enable();
            {
                let mut buffers = self.buffers();
                if !buffers.from_program.is_empty() {
                    let written = std::mem::take(&mut buffers.from_program);
                    drop(buffers);
                    self.0.room.notify_waiters();
                    return FromProgram::Bytes(written);
                }
                if buffers.closed {
                    return FromProgram::Ended;
                }
                if buffers.reading && buffers.to_program.is_empty() {
                    return FromProgram::Waits;
                }
            }
            more.await;
        }
    }

    /// The program has ended: nothing more comes, and nobody reads.
    pub(super) fn close(&self) {
        self.buffers().closed = true;
        self.0.from_program.notify_waiters();
        self.0.to_program.notify_waiters();
        self.0.room.notify_waiters();
    }

    /// Whether the program has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.buffers().closed
    }

    /// Marks that a call of the program is being answered, or no longer.
    pub(super) fn answering(&self, now: bool) {
        self.0.answering.store(now, Ordering::Relaxed);
    }

    /// Whether a call of the program is being answered.
    pub(super) fn is_answering(&self) -> bool {
        self.0.answering.load(Ordering::Relaxed)
    }

    fn buffers(&self) -> MutexGuard<'_, Buffers> {
        self.0.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, size: usize) -> StreamResult<Bytes> {
        let mut buffers = self.buffers();
        if buffers.to_program.is_empty() && buffers.closed {
            return Err(StreamError::Closed);
        }
        let size = size.min(buffers.to_program.len());
        Ok(buffers.to_program.drain(..size).collect())
    }

    fn write(&self, bytes: &[u8]) {
        self.buffers().from_program.extend_from_slice(bytes);
        self.0.from_program.notify_waiters();
    }
}

/// The program's end of its standard input.
#[derive(Clone)]
pub(crate) struct Stdin(Pipes);

/// The program's end of its standard output.
#[derive(Clone)]
pub(crate) struct Stdout(Pipes);

#[async_trait::async_trait]
impl Pollable for Stdin {
    async fn ready(&mut self) {
        loop {
            let more = self.0.0.to_program.notified();
            let mut more = std::pin::pin!(more);
            more.as_mut().enable();
            {
                let buffers = self.0.buffers();
                if !buffers.to_program.is_empty() || buffers.closed {
                    return;
                }
            }
            more.await;
        }
    }
}

#[async_trait::async_trait]
impl InputStream for Stdin {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.0.read(size)
    }

    // A program has one thread: whatever else it might wait for besides, it does not while it is in here.
    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.0.buffers().reading = true;
        self.0.0.from_program.notify_waiters();
        self.ready().await;
        self.0.buffers().reading = false;
        self.0.read(size)
    }
}

#[async_trait::async_trait]
impl Pollable for Stdout {
    async fn ready(&mut self) {
        loop {
            let room = self.0.0.room.notified();
            let mut room = std::pin::pin!(room);
            room.as_mut().enable();
            {
                let buffers = self.0.buffers();
                if buffers.from_program.is_empty() || buffers.closed {
                    return;
                }
            }
            room.await;
        }
    }
}

impl OutputStream for Stdout {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(if self.0.buffers().from_program.is_empty() { ROOM } else { 0 })
    }
}

impl IsTerminal for Stdin {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl IsTerminal for Stdout {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Stdin {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(Unused)
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

impl StdoutStream for Stdout {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Unused)
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

/// A program of WASI 0.2 has the other kind of stream; this one is at its end.
struct Unused;

impl AsyncRead for Unused {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Unused {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
