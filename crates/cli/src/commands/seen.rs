//! That a file is still what it was when it was opened.

use std::{
    fs::{File, Metadata},
    io,
    time::SystemTime,
};

use executable_em_engine::table::Error;

/// A file, and what the system knew of it as it was opened.
pub struct Seen {
    name: String,
    file: File,
    stamp: Stamp,
}

impl Seen {
    /// None for what is no regular file: a pipe is written to all the time.
    pub fn of(file: &File, name: &str) -> Result<Option<Self>, Error> {
        let failed = |source| Error::Io { path: name.to_owned(), source };
        let there = file.metadata().map_err(failed)?;
        if !there.is_file() {
            return Ok(None);
        }
        let file = file.try_clone().map_err(failed)?;
        Ok(Some(Seen { name: name.to_owned(), file, stamp: Stamp::of(&there).map_err(failed)? }))
    }

    /// That nobody has written to it since: sums over other data would be no sums.
    pub fn unchanged(&self) -> Result<(), Error> {
        let failed = |source| Error::Io { path: self.name.clone(), source };
        let there = self.file.metadata().and_then(|there| Stamp::of(&there)).map_err(failed)?;
        if there.differs(&self.stamp) {
            return Err(failed(io::Error::other("was written to while it was being read: fit a copy")));
        }
        Ok(())
    }
}

struct Stamp {
    length: u64,
    modified: SystemTime,
    /// When anything of it changed, in seconds and nanoseconds, which no program can set; and how many names it had.
    changed: Option<((i64, i64), u64)>,
}

impl Stamp {
    fn of(there: &Metadata) -> io::Result<Self> {
        Ok(Stamp { length: there.len(), modified: there.modified()?, changed: changed(there) })
    }

    fn differs(&self, before: &Stamp) -> bool {
        let is_touched = match (self.changed, before.changed) {
            // Where the file got or lost a name, as one does that is replaced by another, that is the change.
            (Some((now, names)), Some((then, names_then))) => now != then && names == names_then,
            _ => false,
        };
        is_touched || self.length != before.length || self.modified != before.modified
    }
}

#[cfg(unix)]
fn changed(there: &Metadata) -> Option<((i64, i64), u64)> {
    use std::os::unix::fs::MetadataExt;
    Some(((there.ctime(), there.ctime_nsec()), there.nlink()))
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> Option<((i64, i64), u64)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, thread::sleep, time::Duration};

    /// Longer than the ticks in which systems tell the time of a change.
    const TICK: Duration = Duration::from_millis(50);

    #[test]
    fn whatever_is_written_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.f64");
        fs::write(&path, [1; 64]).expect("a file");
        let open =
            || Seen::of(&File::open(&path).expect("a file"), "x.f64").expect("a stamp").expect("a file");
        let seen = open();
        assert!(seen.unchanged().is_ok());
        let modified = fs::metadata(&path).and_then(|there| there.modified()).expect("a time");
        sleep(TICK);
        // As long as it was, and as old as it was.
        fs::write(&path, [2; 64]).expect("a file");
        File::options().write(true).open(&path).and_then(|file| file.set_modified(modified)).expect("a time");
        let error = seen.unchanged();
        assert_eq!(error.is_err(), cfg!(unix), "only there a change of its times is told");
        let seen = open();
        sleep(TICK);
        fs::write(&path, [2; 63]).expect("a file");
        let error = seen.unchanged().unwrap_err().to_string();
        assert_eq!(error, "x.f64: was written to while it was being read: fit a copy");
    }

    /// Whoever has a file open reads what it held, whatever now bears its name.
    #[test]
    fn a_file_may_be_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, other) = (folder.path().join("x.f64"), folder.path().join("y.f64"));
        fs::write(&path, [1; 64]).expect("a file");
        fs::write(&other, [2; 64]).expect("a file");
        let seen = Seen::of(&File::open(&path).expect("a file"), "x.f64").expect("a stamp").expect("a file");
        sleep(TICK);
        fs::rename(&other, &path).expect("a name");
        assert!(seen.unchanged().is_ok());
    }
}
