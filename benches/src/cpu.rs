//! What a process has used of the machine, as the kernel counts it (`/proc`, proc(5)).

use std::{collections::BTreeMap, ffi::OsString, fs, io};

/// CPU time, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CpuTime {
    /// Of all threads.
    pub(crate) all_ns: u64,
    /// Of the threads that serve connections: the gateway's workers. The rest is what a deployment
    /// does beside serving, such as taking events into the database.
    pub(crate) workers_ns: u64,
}

/// What each living thread of a process has used until a moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Threads(BTreeMap<OsString, CpuTime>);

impl Threads {
    /// # Errors
    /// When the process is gone.
    pub(crate) fn of(pid: u32) -> io::Result<Self> {
        let mut threads = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let task = task?;
            let read = |name: &str| fs::read_to_string(task.path().join(name));
            let (Ok(schedstat), Ok(comm)) = (read("schedstat"), read("comm")) else {
                continue; // It ended while the list was read.
            };
            let nanos: u64 = schedstat
                .split_ascii_whitespace()
                .next()
                .and_then(|nanos| nanos.parse().ok())
                .ok_or(io::ErrorKind::InvalidData)?;
            let is_worker = comm.trim_end() == "hefu-gateway";
            let time = CpuTime {
                all_ns: nanos,
                workers_ns: if is_worker { nanos } else { 0 },
            };
            threads.insert(task.file_name(), time);
        }
        Ok(Self(threads))
    }

    /// What was used since `before`, thread by thread: what a thread had used that has ended since
    /// is not taken off the others.
    pub(crate) fn since(&self, before: &Self) -> CpuTime {
        let mut used = CpuTime::default();
        for (thread, time) in &self.0 {
            let before = before.0.get(thread).copied().unwrap_or_default();
            used.all_ns += time.all_ns.saturating_sub(before.all_ns);
            used.workers_ns += time.workers_ns.saturating_sub(before.workers_ns);
        }
        used
    }
}

/// The memory of a process that is in RAM, in bytes.
///
/// # Errors
/// When the process is gone.
pub(crate) fn resident_bytes(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_ascii_whitespace().next())
        .and_then(|kib| kib.parse::<u64>().ok())
        .map(|kib| kib * 1_024)
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The processes that a process has started.
///
/// # Errors
/// When the process is gone.
pub(crate) fn children(pid: u32) -> io::Result<Vec<u32>> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    Ok(text
        .split_ascii_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect())
}

/// The machine in a line: processor, cores, kernel, load.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let of = |name: &str| {
        cpuinfo
            .lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_once(':'))
            .map_or("?", |(_, value)| value.trim())
            .to_owned()
    };
    let cores = cpuinfo
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load: Vec<&str> = load.split_ascii_whitespace().take(3).collect();
    format!(
        "{} (family {}, model {}), {cores} cores, Linux {}, load {}",
        of("model name"),
        of("cpu family"),
        of("model\t"),
        kernel.trim(),
        load.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_of_this_very_process() {
        let pid = std::process::id();
        let before = Threads::of(pid).unwrap();
        let mut sum = 0_u64;
        for number in 0..5_000_000_u64 {
            sum = std::hint::black_box(sum ^ number);
        }
        let used = Threads::of(pid).unwrap().since(&before);
        assert!(used.all_ns > 0, "{used:?}");
        assert_eq!(used.workers_ns, 0, "no gateway runs in here");
        assert!(resident_bytes(pid).unwrap() > 100_000);
        assert!(Threads::of(u32::MAX).is_err());
    }
}
