//! A batch's body, as a stream: what stands in it is read from the store piece by piece.

use anvil_store::{BatchBody, Store};
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, try_unfold};
use std::io;
use std::sync::Arc;
use tokio::sync::Notify;

/// About so many bytes are read at once.
const PIECE: u64 = 512 * 1024;

/// How far a body has come.
enum Part {
    Begin,
    Behind(u64),
    Over,
}

/// The body of a batch; `out` is told when its last piece is taken. It ends with an error where the store does not give what
/// it has.
pub(crate) fn stream(
    store: Arc<dyn Store>,
    batch: u64,
    out: Arc<Notify>,
) -> BoxStream<'static, io::Result<Bytes>> {
    let next = move |part: Part| {
        let (store, out) = (store.clone(), out.clone());
        async move {
            let (place, mut piece) = match part {
                Part::Over => {
                    out.notify_one();
                    return Ok(None);
                }
                Part::Begin => (0, b"{\"requests\":[".to_vec()),
                Part::Behind(place) => (place, Vec::new()),
            };
            let bodies = store.batch_bodies(batch, place, PIECE).await.map_err(io::Error::other)?;
            let Some(last) = bodies.last().map(|body| body.place) else {
                piece.extend_from_slice(b"]}");
                return Ok(Some((Bytes::from(piece), Part::Over)));
            };
            for (at, body) in bodies.iter().enumerate() {
                if place > 0 || at > 0 {
                    piece.push(b',');
                }
                append(&mut piece, body);
            }
            Ok(Some((Bytes::from(piece), Part::Behind(last))))
        }
    };
    try_unfold(Part::Begin, next).boxed()
}

fn append(piece: &mut Vec<u8>, BatchBody { call, body, .. }: &BatchBody) {
    piece.extend_from_slice(b"{\"custom_id\":\"");
    piece.extend_from_slice(call.to_string().as_bytes());
    piece.extend_from_slice(b"\",\"params\":");
    piece.extend_from_slice(body);
    piece.push(b'}');
}
