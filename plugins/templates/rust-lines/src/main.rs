//! The plugin: JSON lines on standard input and output. What is printed otherwise is in the job's log.

use my_agent::{agent, sdk};

fn main() -> std::io::Result<()> {
    sdk::serve(agent::DESCRIPTION, agent::run)
}
