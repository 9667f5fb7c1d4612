//! Runs the simulator alone: `cargo run -p anvil-sim --example serve -- 127.0.0.1:8788`.

use anvil_sim::{Sim, SimConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8788".to_owned()).parse()?;
    let sim = Sim::start(SimConfig { listen, ..SimConfig::default() }).await?;
    println!("ANTHROPIC_BASE_URL={}", sim.base_url());
    std::future::pending::<()>().await;
    Ok(())
}
