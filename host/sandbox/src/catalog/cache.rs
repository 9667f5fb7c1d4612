//! Compiled code, kept by the hash of the plugin that it was made from.
//!
//! Compiled code runs as it is, with the host's own rights. So it is read from one folder, which only
//! the host writes, and only where a keyed hash shows that the host wrote exactly these bytes for
//! exactly this plugin and this engine. Whatever does not fit is compiled again.

use super::code::Code;
use crate::SandboxError;
use crate::compile::Exchange;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use wasmtime::Engine;
use wasmtime::component::Component;

const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 32;

/// The folder of compiled code.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; KEY_BYTES],
    /// What of the engine decides whether its code runs here.
    engine: String,
    /// Bytes of all code, as of the last change.
    bytes: AtomicU64,
}

impl Cache {
    /// Opens the folder, making it and its key where they are missing.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::Folder { path: folder.display().to_string(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        Exchange::sweep(folder);
        let key = key(&folder.join("key")).map_err(failed)?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine = format!("{:016x}", hasher.finish());
        let cache = Self { folder: folder.to_owned(), key, engine, bytes: AtomicU64::new(0) };
        cache.count();
        Ok(cache)
    }

    /// Bytes of all compiled code.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// All code, each with its plugin's digest, its size and when it was last used.
    fn code(&self) -> Vec<(PathBuf, String, u64, SystemTime)> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return Vec::new() };
        let code = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let (digest, _) = name.strip_suffix(".code")?.split_once('-')?;
            let metadata = entry.metadata().ok()?;
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            Some((entry.path(), digest.to_owned(), metadata.len(), used))
        };
        entries.flatten().filter_map(code).collect()
    }

    fn count(&self) {
        let bytes = self.code().iter().map(|(_, _, size, _)| size).sum();
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Removes code until all of it has at most `limit` bytes, that first which was not used for longest, but never that
    /// of a plugin that is `needed`.
    pub(crate) fn trim(&self, limit: u64, needed: impl Fn(&str) -> bool) {
        let mut code = self.code();
        let mut bytes: u64 = code.iter().map(|(_, _, size, _)| size).sum();
        code.sort_by_key(|(path, _, _, used)| (*used, path.clone()));
        for (path, digest, size, _) in code {
            if bytes <= limit {
                break;
            }
            if !needed(&digest) && std::fs::remove_file(&path).is_ok() {
                tracing::info!(%digest, size, "compiled code that was not used for longest is removed");
                bytes -= size;
            }
        }
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// That the code of a plugin was used now. That it was not noted costs a compilation at most.
    fn used(file: &std::fs::File) {
        let _ = file.set_modified(SystemTime::now());
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The compiled form of the plugin with this digest, if it is here and as the host wrote it.
    pub(crate) fn get(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let path = self.file(digest);
        let mut file = std::fs::File::open(&path).ok()?;
        let mut tag = [0; TAG_BYTES];
        file.read_exact(&mut tag).ok()?;
        let mut hasher = self.hasher(digest);
        let code = Code::read(&file, |piece| {
            hasher.update(piece);
        });
        let code = code.ok()?;
        // `blake3::Hash` compares in constant time.
        if hasher.finalize() != tag {
            tracing::warn!(file = %path.display(), "compiled code is not as the host wrote it; it is compiled again");
            return None;
        }
        match deserialize(engine, &code) {
            Ok(component) => {
                Self::used(&file);
                Some(component)
            }
            Err(error) => {
                tracing::info!(file = %path.display(), error = %format!("{error:#}"), "compiled code is of another engine");
                None
            }
        }
    }

    /// Keeps compiled code, and loads it. The bytes come from the compiler that the host ran.
    pub(crate) fn put(&self, engine: &Engine, digest: &str, code: &[u8]) -> wasmtime::Result<Component> {
        let mut hasher = self.hasher(digest);
        let loaded = Code::read(code, |piece| {
            hasher.update(piece);
        })?;
        let component = deserialize(engine, &loaded)?;
        if let Err(error) = write_whole(&self.file(digest), &[hasher.finalize().as_bytes(), code]) {
            tracing::warn!(%error, "compiled code cannot be kept; the next start compiles it again");
        }
        self.count();
        Ok(component)
    }

    /// Whether code of this plugin is here.
    pub(crate) fn has(&self, digest: &str) -> bool {
        self.file(digest).exists()
    }

    /// Whether another engine's code of this plugin is here: it was compiled before, and has to be again.
    pub(crate) fn has_other_engines(&self, digest: &str) -> bool {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return false };
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let code = name.to_str().and_then(|name| name.strip_suffix(".code"));
            code.and_then(|stem| stem.split_once('-'))
                .is_some_and(|(other, engine)| other == digest && engine != self.engine)
        })
    }

    /// Removes the code of every plugin but these, and of other engines.
    pub(crate) fn keep_only(&self, needed: impl Fn(&str) -> bool) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".code")) else { continue };
            let keep = stem.split_once('-').is_some_and(|(digest, engine)| {
                // What is still to be compiled tells by the old code that it was compiled before.
                needed(digest) && (engine == self.engine || !self.has(digest))
            });
            if !keep {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        self.count();
    }

    fn file(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}-{}.code", self.engine))
    }

    /// What code of a plugin is hashed by: whose it is, and for which engine, comes before it.
    fn hasher(&self, digest: &str) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(digest.as_bytes()).update(self.engine.as_bytes());
        hasher
    }
}

#[expect(
    unsafe_code,
    reason = "the one place: `code` came from the compiler that this host ran just now, or carries its keyed hash"
)]
fn deserialize(engine: &Engine, code: &Code) -> wasmtime::Result<Component> {
    match code {
        #[cfg(target_os = "linux")]
        Code::Sealed(file) => {
            use std::os::fd::AsRawFd as _;
            let name = format!("/proc/self/fd/{}", file.as_raw_fd());
            // SAFETY: `deserialize_file` runs what it is given. Both callers hand over bytes that wasmtime's own compiler
            // made: `put` has them from the compiler that the host started, `get` has checked their keyed hash. They are
            // in memory that is sealed: nobody changes them after the check, by whatever name they open it.
            let mapped = unsafe { Component::deserialize_file(engine, &name) };
            mapped.or_else(|error| {
                // A system may forbid that such files are run; memory of the process's own is another matter.
                let Ok(bytes) = std::fs::read(&name) else { return Err(error) };
                // SAFETY: the same bytes.
                unsafe { Component::deserialize(engine, bytes) }
            })
        }
        // SAFETY: as above; they are in this process's own memory.
        Code::Bytes(bytes) => unsafe { Component::deserialize(engine, bytes) },
    }
}

/// The key, made at first use.
fn key(file: &Path) -> io::Result<[u8; KEY_BYTES]> {
    if let Ok(bytes) = std::fs::read(file)
        && let Ok(key) = <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
    {
        return Ok(key);
    }
    let key: [u8; KEY_BYTES] = rand::random();
    write_whole(file, &[&key])?;
    Ok(key)
}

/// Writes a file, its parts one after the other, so that it is there whole or not at all, for its owner alone.
pub(crate) fn write_whole(file: &Path, parts: &[&[u8]]) -> io::Result<()> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let unique = format!("tmp-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let draft = file.with_extension(unique);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut open| {
        parts.iter().try_for_each(|part| open.write_all(part))?;
        open.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(&draft, file));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    renamed
}
