//! Which parameters of WASI preview 1 are addresses.
//!
//! From its specification (`wasi_snapshot_preview1.witx`), by the place of each parameter, counted from 0.

/// What a WASI program imports from.
const WASI: &str = "wasi_snapshot_preview1";

/// The addresses that a function is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pointers {
    /// Parameters that are addresses of bytes, texts or results.
    pub(super) plain: &'static [u32],
    /// A list of buffers, and how many there are.
    pub(super) buffers: Option<(u32, u32)>,
}

/// The addresses that an imported function is given; none where it is given none.
///
/// `args_get` and `environ_get` are told addresses by WASI, too; a guest has neither arguments nor an environment.
pub(super) fn pointers(module: &str, function: &str) -> Option<Pointers> {
    if module != WASI {
        return None;
    }
    let (plain, buffers): (&'static [u32], _) = match function {
        "fd_read" | "fd_write" => (&[3], Some((1, 2))),
        "fd_pread" | "fd_pwrite" => (&[4], Some((1, 2))),
        "sock_recv" => (&[4, 5], Some((1, 2))),
        "sock_send" => (&[4], Some((1, 2))),
        "args_get" | "args_sizes_get" | "environ_get" | "environ_sizes_get" => (&[0, 1], None),
        "adapter_open_badfd" | "random_get" => (&[0], None),
        "clock_res_get"
        | "fd_fdstat_get"
        | "fd_filestat_get"
        | "fd_prestat_get"
        | "fd_prestat_dir_name"
        | "fd_tell"
        | "path_create_directory"
        | "path_remove_directory"
        | "path_unlink_file" => (&[1], None),
        "clock_time_get" | "path_filestat_set_times" | "sock_accept" => (&[2], None),
        "fd_seek" => (&[3], None),
        "fd_readdir" | "path_rename" => (&[1, 4], None),
        "path_filestat_get" => (&[2, 4], None),
        "path_link" => (&[2, 5], None),
        "path_open" => (&[2, 8], None),
        "path_readlink" => (&[1, 3, 5], None),
        "path_symlink" => (&[0, 3], None),
        "poll_oneoff" => (&[0, 1, 3], None),
        _ => return None,
    };
    Some(Pointers { plain, buffers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER;
    use wasmparser::{CompositeInnerType, Parser, Payload, TypeRef, ValType};

    /// Functions of the adapter for programs that are given no address.
    const WITHOUT: [&str; 17] = [
        "adapter_close_badfd",
        "adapter_monotonic_clock_set_paused",
        "fd_advise",
        "fd_allocate",
        "fd_close",
        "fd_datasync",
        "fd_fdstat_set_flags",
        "fd_fdstat_set_rights",
        "fd_filestat_set_size",
        "fd_filestat_set_times",
        "fd_renumber",
        "fd_sync",
        "proc_exit",
        "proc_raise",
        "reset_adapter_state",
        "sched_yield",
        "sock_shutdown",
    ];

    /// The functions that the adapter offers to programs, with their parameters.
    fn offered() -> Vec<(&'static str, Vec<ValType>)> {
        let (mut types, mut functions, mut offered) = (Vec::new(), Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER) {
            match payload.expect("the adapter") {
                Payload::TypeSection(section) => {
                    for group in section {
                        types.extend(group.expect("a group").into_types());
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        if let TypeRef::Func(ty) = import.expect("an import").ty {
                            functions.push(ty);
                        }
                    }
                }
                Payload::FunctionSection(section) => functions.extend(section.into_iter().flatten()),
                Payload::ExportSection(section) => {
                    for export in section.into_iter().flatten() {
                        if export.name.contains([':', '#']) || export.name.starts_with("cabi_") {
                            continue;
                        }
                        let ty = &types[functions[export.index as usize] as usize];
                        let CompositeInnerType::Func(func) = &ty.composite_type.inner else { continue };
                        offered.push((export.name, func.params().to_vec()));
                    }
                }
                _ => {}
            }
        }
        offered
    }

    #[test]
    fn every_function_of_the_adapter_is_known_and_its_addresses_are_parameters() {
        let offered = offered();
        assert!(offered.len() > 40, "{offered:?}");
        for (name, params) in offered {
            let Some(Pointers { plain, buffers }) = pointers(WASI, name) else {
                assert!(WITHOUT.contains(&name), "{name} is not known: {params:?}");
                continue;
            };
            assert!(!WITHOUT.contains(&name), "{name}");
            let listed = buffers.into_iter().flat_map(|(list, length)| [list, length]);
            for at in plain.iter().copied().chain(listed) {
                assert_eq!(params.get(at as usize), Some(&ValType::I32), "{name} {at}: {params:?}");
            }
        }
    }
}
