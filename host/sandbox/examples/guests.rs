//! Writes the guests of the tests as `.wasm` files: `cargo run -p anvil-sandbox --features testing
//! --example guests -- DIR [NAME…]`. Without names all of them, `quiet.wasm` and the files that are
//! no plugins.

use anvil_sandbox::testing::{GUESTS, GuestBuilder, hostile, of_another_interface, with_another_run};
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or_else(|| std::io::Error::other("name a folder"))?);
    std::fs::create_dir_all(&folder)?;
    let names: Vec<_> = arguments.collect();
    let mut files = vec![
        ("quiet".to_owned(), GuestBuilder::quiet("quiet").component()),
        ("core-module".to_owned(), GuestBuilder::quiet("core-module").core_module()),
        ("of-another-interface".to_owned(), of_another_interface()),
        ("with-another-run".to_owned(), with_another_run()),
    ];
    files.extend(GUESTS.iter().map(|(name, _)| ((*name).to_owned(), hostile(name).component())));
    for (name, bytes) in files {
        if names.is_empty() || names.contains(&name) {
            std::fs::write(folder.join(format!("{name}.wasm")), bytes)?;
        }
    }
    Ok(())
}
