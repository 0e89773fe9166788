//! How many bytes of memory this process can still take: asked before a run is made, because a process that takes more is
//! killed, and a WebAssembly program ends without a word.

/// What is asked for at a time, and how exactly is found out how much is given.
const PART_BYTES: u64 = 16 << 20;

/// Of `wanted` bytes, how many the system gives if it is asked: they are taken together and given back at once. In a
/// browser, a telephone's for instance, that may be less than can be addressed.
pub(crate) fn obtainable_bytes(wanted: u64) -> u64 {
    let gives = |bytes: u64| {
        let mut held = Vec::new();
        let mut left = bytes;
        while left > 0 {
            let mut part = Vec::<u8>::new();
            let length = left.min(PART_BYTES);
            if part.try_reserve_exact(length as usize).is_err() {
                return false;
            }
            held.push(part);
            left -= length;
        }
        // A compiler may leave out what is taken and never used, and call it given.
        std::hint::black_box(&held);
        true
    };
    if gives(wanted) {
        return wanted;
    }
    let (mut given, mut refused) = (0, wanted);
    while refused - given > PART_BYTES {
        let middle = given.midpoint(refused);
        *if gives(middle) { &mut given } else { &mut refused } = middle;
    }
    given
}

/// What a module of WebAssembly can address.
#[cfg(target_family = "wasm")]
const ADDRESSED_BYTES: u64 = 1 << 32;
/// Of it, what is there before a run is made and beside it: the engine itself, the whole of CIFAR-10 as bytes (184 MB),
/// and what is handed to the page.
#[cfg(target_family = "wasm")]
const ENGINE_BYTES: u64 = 256 << 20;

/// In a tab, what a run can take of the 4 GiB; its worker makes no threads.
#[cfg(target_family = "wasm")]
pub(crate) fn free_bytes(_: u64) -> Option<u64> {
    Some(ADDRESSED_BYTES - ENGINE_BYTES)
}

/// On Linux, the least of what the machine, the process's group and its limit of addresses leave. None where the system
/// does not say, which is wherever it is not Linux: there it pages, and a run that is too large is slow. `runs` threads
/// make a run each.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn free_bytes(runs: u64) -> Option<u64> {
    free_by(runs, &|path| std::fs::read_to_string(path).ok())
}

/// Addresses that a thread reserves and hardly uses: its stack, and the arena of the allocator.
#[cfg(not(target_family = "wasm"))]
const THREAD_BYTES: u64 = 72 << 20;
/// Threads beside those that compute: for signals, for the progress bar, and the first.
#[cfg(not(target_family = "wasm"))]
const OTHER_THREADS: u64 = 3;

#[cfg(not(target_family = "wasm"))]
type ReadFile<'a> = &'a dyn Fn(&str) -> Option<String>;

#[cfg(not(target_family = "wasm"))]
fn free_by(runs: u64, read: ReadFile) -> Option<u64> {
    [of_machine(read), of_group(read), of_addresses(runs, read)].into_iter().flatten().min()
}

/// What can be had without a program being ended for it: memory, and where memory can be written to.
#[cfg(not(target_family = "wasm"))]
fn of_machine(read: ReadFile) -> Option<u64> {
    let text = read("/proc/meminfo")?;
    Some(field(&text, "MemAvailable:")? * 1024 + field(&text, "SwapFree:").unwrap_or(0) * 1024)
}

/// What the control group of the process, and every group around it, may still take. Within a container the group's own
/// path is not to be seen; what is seen as the root is the container's.
#[cfg(not(target_family = "wasm"))]
fn of_group(read: ReadFile) -> Option<u64> {
    let groups = read("/proc/self/cgroup")?;
    let paths = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        match controllers {
            "" => Some(("/sys/fs/cgroup", ["memory.max", "memory.current", "inactive_file"], path)),
            "memory" => {
                let files =
                    ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"];
                Some(("/sys/fs/cgroup/memory", files, path))
            }
            _ => None,
        }
    });
    let left = |(root, [limit, used, cache], path): (&str, [&str; 3], &str)| {
        let around = path.match_indices('/').map(|(end, _)| &path[..end]);
        let left_in = |group: &str| {
            let number = |file: &str| read(&format!("{root}{group}/{file}"))?.trim().parse().ok();
            // A group without a limit says `max`.
            let (limit, used): (u64, u64) = (number(limit)?, number(used)?);
            // The cache of files counts as used, and is given back.
            let cached = read(&format!("{root}{group}/memory.stat"))
                .and_then(|text| field(&text, cache))
                .unwrap_or(0);
            Some(limit.saturating_sub(used.saturating_sub(cached)))
        };
        around.chain([path.trim_end_matches('/')]).filter_map(left_in).min()
    };
    paths.filter_map(left).min()
}

/// What the limit of the process's addresses (`ulimit -v`) leaves beside the threads that are still to come.
#[cfg(not(target_family = "wasm"))]
fn of_addresses(runs: u64, read: ReadFile) -> Option<u64> {
    let limit = field(&read("/proc/self/limits")?, "Max address space")?;
    let status = read("/proc/self/status")?;
    let used = field(&status, "VmSize:")? * 1024;
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let there = field(&status, "Threads:").unwrap_or(0);
    let to_come = (threads + OTHER_THREADS + runs).saturating_sub(there);
    Some(limit.saturating_sub(used).saturating_sub(to_come * THREAD_BYTES))
}

/// The number behind a name, at the beginning of its line.
#[cfg(not(target_family = "wasm"))]
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: (&str, &str) = (
        "/proc/meminfo",
        "MemTotal:       24684092 kB\nMemAvailable:    8000000 kB\nSwapFree:        1000000 kB\n",
    );

    fn free(files: &[(&str, &str)]) -> Option<u64> {
        free_by(1, &|path| {
            let found = files.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn a_machine_gives_what_is_available_and_what_can_be_paged_out() {
        assert_eq!(free(&[MACHINE]), Some(9_000_000 * 1024));
        assert_eq!(free(&[]), None);
    }

    #[test]
    fn the_narrowest_group_around_a_process_counts_and_its_cache_of_files_does_not() {
        let groups = ("/proc/self/cgroup", "0::/slice/job\n");
        let files = [
            MACHINE,
            groups,
            ("/sys/fs/cgroup/slice/job/memory.max", "max\n"),
            ("/sys/fs/cgroup/slice/memory.max", "2000000\n"),
            ("/sys/fs/cgroup/slice/memory.current", "900000\n"),
            ("/sys/fs/cgroup/slice/memory.stat", "anon 500000\ninactive_file 400000\n"),
        ];
        assert_eq!(free(&files), Some(2_000_000 - 500_000));
        // Of the first version, seen from within a container.
        let files = [
            MACHINE,
            ("/proc/self/cgroup", "4:memory:/docker/abc\n3:cpuset:/\n0::/\n"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "700000\n"),
            ("/sys/fs/cgroup/memory/memory.usage_in_bytes", "300000\n"),
        ];
        assert_eq!(free(&files), Some(400_000));
    }

    #[test]
    fn a_limit_of_addresses_leaves_what_is_not_taken_nor_reserved_by_threads() {
        let limits = |soft: &str| {
            format!(
                "Limit   Soft Limit  Hard Limit  Units\nMax address space  {soft}  unlimited  bytes\n"
            )
        };
        let status = ("/proc/self/status", "VmPeak:  900 kB\nVmSize:  100000 kB\n");
        let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let limited = limits("8000000000");
        let left = 8_000_000_000 - 102_400_000 - (threads + OTHER_THREADS + 1) * THREAD_BYTES;
        assert_eq!(free(&[("/proc/self/limits", &limited), status]), Some(left));
        // Three of the threads are among what is used.
        let later = ("/proc/self/status", "VmSize:  100000 kB\nThreads:\t3\n");
        let limited = ("/proc/self/limits", limited.as_str());
        assert_eq!(free(&[limited, later]), Some(left + 3 * THREAD_BYTES));
        let unlimited = limits("unlimited");
        assert_eq!(free(&[MACHINE, ("/proc/self/limits", &unlimited), status]), free(&[MACHINE]));
    }

    #[test]
    fn this_machine_says_a_number_that_can_be() {
        if cfg!(target_os = "linux") {
            let free = free_bytes(1).expect("Linux says what is free");
            assert!((1 << 20..1 << 50).contains(&free), "{free}");
        }
    }
}
