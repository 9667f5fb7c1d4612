//! `anvil jobs export`.

use super::filter::FilterArgs;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use anyhow::Context as _;
use clap::Args;
use futures_util::StreamExt as _;
use indicatif::ProgressBar;
use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};

/// Which jobs, and where to.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// Take the bytes of the jobs' files along.
    #[arg(long)]
    files: bool,
    /// Write into this file, in place of standard output; it is there when the export is whole.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there already.
    #[arg(long, requires = "out")]
    force: bool,
}

impl ExportArgs {
    pub(crate) async fn run(&self, client: &Client) -> Result<Exit, Failure> {
        let Some(path) = &self.out else {
            self.write(client, &mut std::io::stdout().lock()).await?;
            return Ok(Exit::Done);
        };
        if path.exists() && !self.force {
            return Err(Failure::Usage(format!(
                "{} is there already; --force writes over it",
                path.display()
            )));
        }
        // What broke off is never taken for an export.
        let part = part(path);
        let written = self.write_part(client, &part, path).await;
        if written.is_err() {
            let _ = std::fs::remove_file(&part);
        }
        let jobs = written?;
        eprintln!("{jobs} jobs exported");
        Ok(Exit::Done)
    }

    async fn write_part(&self, client: &Client, part: &Path, path: &Path) -> Result<u64, Failure> {
        let file = std::fs::File::create(part).with_context(|| format!("cannot write {}", part.display()))?;
        let mut out = std::io::BufWriter::new(file);
        let jobs = self.write(client, &mut out).await?;
        let file = out.into_inner().map_err(std::io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(part, path))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(jobs)
    }

    /// Writes the lines as they come; answers how many jobs they are.
    async fn write(&self, client: &Client, out: &mut impl Write) -> Result<u64, Failure> {
        let mut query = self.filter.query();
        if self.files {
            query.push(("files", "true".to_owned()));
        }
        let mut lines = client.open(&["jobs", "export"], &query).await?.bytes_stream();
        let bar =
            if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let mut seen = 0;
        while let Some(piece) = lines.next().await {
            let piece = piece
                .map_err(|error| anyhow::anyhow!("the export broke off: {error}; the host's log says why"))?;
            seen += piece.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
            out.write_all(&piece).context("the export cannot be written")?;
            bar.set_message(format!("{} jobs", seen.saturating_sub(1)));
            bar.tick();
        }
        out.flush().context("the export cannot be written")?;
        bar.finish_and_clear();
        // The first line is none.
        Ok(seen.saturating_sub(1))
    }
}

fn part(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}
