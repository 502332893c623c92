//! How much memory a table may take.

use std::fs;

use super::{Failure, broken};

/// A quarter of what is free, in bytes, as Linux tells; 0 where nobody does.
pub fn room() -> usize {
    let free = fs::read_to_string("/proc/meminfo").ok().and_then(|told| free(&told));
    let limit = |file| fs::read_to_string(format!("/sys/fs/cgroup/memory.{file}")).ok()?.trim().parse().ok();
    let below_limit = limit("max").map(|most: usize| most.saturating_sub(limit("current").unwrap_or(0)));
    free.unwrap_or(0).min(below_limit.unwrap_or(usize::MAX)) / 4
}

/// Refuses what would take covariances of d×d numbers, with their factors, for which there is no room.
pub fn for_whole_covariances(what: &str, k: usize, d: usize) -> Result<(), Failure> {
    let bytes = 16.0 * k as f64 * (d as f64).powi(2);
    // Where nobody tells, a gigabyte is there.
    if bytes <= (4 * room()).max(1 << 30) as f64 {
        return Ok(());
    }
    let (sets, gigabytes) = (if k == 1 { "a covariance" } else { "covariances" }, bytes / 1e9);
    Err(broken(format!(
        "{what}: takes {sets} of {d} × {d} numbers, {gigabytes:.0} GB, more than there is: fewer --columns"
    )))
}

fn free(told: &str) -> Option<usize> {
    let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.parse::<usize>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::free;

    #[test]
    fn the_free_memory_is_in_bytes() {
        assert_eq!(free("MemTotal: 9 kB\nMemAvailable:   2048 kB\n"), Some(2 << 20));
        assert_eq!(free("MemAvailable: ? kB\n"), None);
        assert_eq!(free(""), None);
    }
}
