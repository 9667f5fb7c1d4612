//! `anvil:agent/job`.

use crate::bindings::anvil::agent::job::{ArtifactRef, Host, Identity, InputRef, Level, Parent};
use crate::guest::Guest;
use crate::log::cut;
use anvil_types::{ArtifactInfo, ArtifactName, LONGEST_MEDIA_TYPE, LogLevel, is_media_type};

/// The longest line of progress, in characters.
const PROGRESS_CHARACTERS: usize = 200;

/// How many files of its parents an attempt may read: each is a read of the database.
const PARENT_FILES: u32 = 1_000;

/// How many files of its own job an attempt may read, likewise.
const INPUT_FILES: u32 = 1_000;

impl Host for Guest {
    async fn progress(&mut self, fraction: f64, line: String) -> wasmtime::Result<()> {
        let fraction = if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) };
        let line = match line.char_indices().nth(PROGRESS_CHARACTERS) {
            Some((end, _)) => line[..end].to_owned(),
            None => line,
        };
        self.door("job.progress")?.host.progress(fraction, line);
        Ok(())
    }

    async fn log(&mut self, level: Level, line: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        self.log.text("guest", level, &line);
        Ok(())
    }

    async fn artifact(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), String>> {
        let door = self.door("job.artifact")?;
        let name = match self.admit_artifact(&name, &media_type, bytes.len()) {
            Ok(name) => name,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let digest =
            blake3::Hasher::new().update(media_type.as_bytes()).update(&[0]).update(&bytes).finalize();
        // Just this file again: there is nothing to write.
        if self.digests.get(&name) == Some(&digest) {
            return Ok(Ok(()));
        }
        let size = bytes.len();
        let stored = name.clone();
        let written =
            door.ask("job.artifact", async move |host| host.artifact(name, media_type, bytes).await).await?;
        if written {
            self.handed_over.written = self.handed_over.written.saturating_add(size);
        }
        self.handed_over.files.insert(stored.clone(), size);
        self.digests.insert(stored, digest);
        Ok(Ok(()))
    }

    async fn whoami(&mut self) -> wasmtime::Result<Identity> {
        let identity = self.door("job.whoami")?.host.identity();
        let parents = identity.parents.iter().map(|parent| Parent {
            id: parent.id.to_string(),
            agent: parent.agent.clone(),
            result: parent.result.as_str().to_owned(),
            artifacts: parent.artifacts.iter().map(ArtifactRef::from).collect(),
        });
        Ok(Identity {
            id: identity.job.to_string(),
            attempt: identity.attempt,
            tags: identity.tags,
            parents: parents.collect(),
            extras: Vec::new(),
        })
    }

    async fn parent_artifact(
        &mut self,
        parent_id: String,
        name: String,
    ) -> wasmtime::Result<Result<Vec<u8>, String>> {
        let door = self.door("job.parent-artifact")?;
        if self.parent_files >= PARENT_FILES {
            return Ok(Err(format!(
                "an attempt reads {PARENT_FILES} files of its parents, and this one has done so"
            )));
        }
        self.parent_files += 1;
        door.ask("job.parent-artifact", async move |host| host.parent_artifact(&parent_id, &name).await).await
    }

    async fn inputs(&mut self) -> wasmtime::Result<Vec<InputRef>> {
        let inputs = self.door("job.inputs")?.host.inputs();
        let told = inputs.iter().map(|file| InputRef {
            name: file.name.as_str().to_owned(),
            media_type: file.media_type.clone(),
            size: file.size,
            digest: file.digest.to_string(),
            extras: Vec::new(),
        });
        Ok(told.collect())
    }

    async fn input(&mut self, name: String) -> wasmtime::Result<Result<Vec<u8>, String>> {
        let door = self.door("job.input")?;
        if self.input_files >= INPUT_FILES {
            return Ok(Err(format!(
                "an attempt reads {INPUT_FILES} files of its job, and this one has done so"
            )));
        }
        self.input_files += 1;
        door.ask("job.input", async move |host| host.input(&name).await).await
    }
}

impl From<&ArtifactInfo> for ArtifactRef {
    fn from(file: &ArtifactInfo) -> Self {
        Self { name: file.name.as_str().to_owned(), media_type: file.media_type.clone(), size: file.size }
    }
}

impl Guest {
    /// The name, or a sentence for the guest that says why the file is not taken.
    fn admit_artifact(&self, name: &str, media_type: &str, size: usize) -> Result<ArtifactName, String> {
        let name: ArtifactName =
            name.parse().map_err(|error| format!("`{}` is no artifact's name: {error}", cut(name, 255)))?;
        if !is_media_type(media_type) {
            return Err(format!("a media type has 1 to {LONGEST_MEDIA_TYPE} printable ASCII characters"));
        }
        let files = &self.handed_over.files;
        let replaced = files.get(&name).copied();
        if replaced.is_none() && files.len() >= self.limits.artifacts {
            return Err(format!("this job may hand over {} files and has done so", self.limits.artifacts));
        }
        let written = self.handed_over.written;
        // What is handed over again just as it is, is not written again; the bytes tell only later.
        if replaced != Some(size) && written.saturating_add(size) > self.limits.artifact_bytes
            || written > self.limits.artifact_bytes
        {
            return Err(format!(
                "an attempt may write {} bytes of files, replaced ones counted too; this one has written {written}, \
                 and this file has {size}",
                self.limits.artifact_bytes
            ));
        }
        let others = files.values().sum::<usize>() - replaced.unwrap_or(0);
        if others.saturating_add(size) > self.limits.artifact_bytes {
            return Err(format!(
                "this job may hand over {} bytes of files; it has handed over {others}, and this one has {size}",
                self.limits.artifact_bytes
            ));
        }
        Ok(name)
    }
}
