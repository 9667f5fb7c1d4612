//! Shows every page of the panel with made-up data: `cargo run -p anvil-web --features gallery
//! --example gallery`, then open the addresses that it prints.

use std::io::{self, Write};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:8421").await?;
    let address = listener.local_addr()?;
    for (path, _) in anvil_web::gallery_pages() {
        writeln!(io::stdout(), "http://{address}{path}")?;
    }
    axum::serve(listener, anvil_web::gallery()).await
}
