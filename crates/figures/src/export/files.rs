//! Writing a file whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

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
    file.write_all(bytes).map_err(|error| failed(path, &error))?;
    file.finish()?;
    Ok(true)
}

/// A file that is being written, beside its place and under another name, until it is finished.
///
/// Dropped before that, it is taken away, and what was in its place stays.
///
/// ```
/// use executable_em::export::Unfinished;
/// use std::io::Write;
/// # let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("numbers.csv");
/// let mut file = Unfinished::create(&path)?;
/// writeln!(file, "1,2").expect("room");
/// assert!(!path.exists());
/// file.finish()?;
/// assert_eq!(std::fs::read_to_string(&path).expect("the file"), "1,2\n");
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    unfinished: PathBuf,
    file: BufWriter<File>,
}

impl Unfinished {
    /// Begins the file, making its folder if need be.
    ///
    /// # Errors
    /// [`Error::File`], naming the path and what the operating system says of it.
    pub fn create(path: &Path) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        if path.is_dir() {
            return Err(failed(path, &io::ErrorKind::IsADirectory.into()));
        }
        let unfinished = unfinished(path);
        let file = File::create(&unfinished).map_err(|error| failed(path, &error))?;
        Ok(Unfinished { path: path.to_owned(), unfinished, file: BufWriter::new(file) })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// [`Error::File`], naming the path and what the operating system says of it; the old file is then still there.
    pub fn finish(mut self) -> Result<()> {
        let done = self.file.flush().and_then(|()| fs::rename(&self.unfinished, &self.path));
        done.map_err(|error| failed(&self.path, &error))
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

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Finished, it bears this name no longer.
        let _ = fs::remove_file(&self.unfinished);
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::File { path: path.display().to_string(), reason: error.to_string() }
}

/// `.name.svg.1234`, where 1234 is this process: two runs at once do not meet.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}
