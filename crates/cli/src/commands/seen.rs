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
