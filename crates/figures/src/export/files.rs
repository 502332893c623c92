//! Writing a file whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::TempPath;

use crate::{Error, Result};

/// Puts the bytes into the file, making its folder if need be, and tells whether they differ from what was
/// there.
///
/// Whoever interrupts this finds the old file or the new one, never half of one: see [`Unfinished`].
///
/// # Errors
/// [`Error::File`], naming the path and what the operating system says of it.
pub fn write(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    let mut file = Unfinished::create(path)?;
    file.write_all(bytes).map_err(failed(path))?;
    file.finish()?;
    Ok(true)
}

/// A file that is being written, beside its place and under another name, until it is finished.
///
/// Dropped before that, it is taken away, and what was in its place stays.
///
/// ```
/// use executable_em_figures::export::Unfinished;
/// use std::io::Write;
/// # let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("numbers.csv");
/// let mut file = Unfinished::create(&path)?;
/// writeln!(file, "1,2").expect("room");
/// assert!(!path.exists());
/// file.finish()?;
/// assert_eq!(std::fs::read_to_string(&path).expect("the file"), "1,2\n");
/// # Ok::<(), executable_em_figures::Error>(())
/// ```
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    file: BufWriter<File>,
    unfinished: TempPath,
}

impl Unfinished {
    /// Begins the file, making its folder if need be.
    ///
    /// # Errors
    /// [`Error::File`], naming the path and what the operating system says of it.
    pub fn create(path: &Path) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed(folder))?;
        if path.is_dir() {
            return Err(failed(path)(io::ErrorKind::IsADirectory.into()));
        }
        // tempfile's own files are for their owner's eyes; this one is as open as any new file.
        let beside = tempfile::Builder::new().make_in(folder, |place| File::create_new(place));
        let (file, unfinished) = beside.map_err(failed(path))?.into_parts();
        if let Ok(old) = fs::metadata(path) {
            file.set_permissions(old.permissions()).map_err(failed(path))?;
        }
        Ok(Unfinished { path: path.to_owned(), file: BufWriter::new(file), unfinished })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// [`Error::File`], naming the path and what the operating system says of it; the old file is then
    /// still there.
    pub fn finish(mut self) -> Result<()> {
        self.file.flush().map_err(failed(&self.path))?;
        self.unfinished.persist(&self.path).map_err(|refused| failed(&self.path)(refused.error))
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    |error| Error::File { path: path.display().to_string(), source: error }
}
