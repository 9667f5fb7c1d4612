//! What else goes on on this machine.

/// The load of the last minute, as the system has it: a figure is worth what the machine had left for it.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}
