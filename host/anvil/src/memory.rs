//! How memory is shared out among the threads.

/// So many bytes or more are taken from the system by themselves, and given back to it at once.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const BY_ITSELF: i32 = 256 * 1024;
/// So many bytes that are free at the end of what was taken are kept.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT: i32 = 1024 * 1024;

/// Has glibc set up one arena for each processor, not eight: what is free in one serves none of the others, so that each
/// grows to the most that was ever asked of it at once, over hours (`mallopt(3)`; measured by `make soak`). To be called
/// before any thread is started. Elsewhere it does nothing.
pub(crate) fn share_out() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let arenas = i32::try_from(processors).unwrap_or(i32::MAX);
        let wanted = [
            (libc::M_ARENA_MAX, arenas),
            (libc::M_MMAP_THRESHOLD, BY_ITSELF),
            (libc::M_TRIM_THRESHOLD, KEPT),
        ];
        for (which, value) in wanted {
            // Where one is refused, memory is shared out as it would be otherwise.
            #[expect(unsafe_code, reason = "the standard library has no way to say it")]
            // SAFETY: it takes two numbers, and no other thread runs yet.
            let _: i32 = unsafe { libc::mallopt(which, value) };
        }
    }
}
