//! What comes over a connection, request by request.

use futures_util::FutureExt as _;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// The head and the body of the next request; none where the connection ended.
pub(crate) async fn next(stream: &mut TcpStream, kept: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let head_end = loop {
        if let Some(end) = kept.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(kept).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&kept[..head_end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head_end + length.unwrap_or(0);
    while kept.len() < end {
        if stream.read_buf(kept).await.ok()? == 0 {
            return None;
        }
    }
    let body = kept[head_end..end].to_vec();
    kept.drain(..end);
    Some((head, body))
}

/// Whether whoever asked has gone away. Nothing is read: what is there is the next request.
pub(crate) fn asker_is_gone(stream: &TcpStream) -> bool {
    matches!(stream.peek(&mut [0]).now_or_never(), Some(Ok(0) | Err(_)))
}
