//! How much memory a table may take.

use std::fs;

/// A quarter of what is free, in bytes, as Linux tells; 0 where nobody does.
pub fn room() -> usize {
    let free = fs::read_to_string("/proc/meminfo").ok().and_then(|told| free(&told));
    let limit = |file| fs::read_to_string(format!("/sys/fs/cgroup/memory.{file}")).ok()?.trim().parse().ok();
    let below_limit = limit("max").map(|most: usize| most.saturating_sub(limit("current").unwrap_or(0)));
    free.unwrap_or(0).min(below_limit.unwrap_or(usize::MAX)) / 4
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
