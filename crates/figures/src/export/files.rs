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
    let is_as_long = fs::metadata(path).is_ok_and(|old| old.is_file() && old.len() == bytes.len() as u64);
    if is_as_long && fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    let mut file = Unfinished::create(path)?;
    file.write_all(bytes).map_err(failed(path))?;
    file.finish()?;
    Ok(true)
}

/// Asks whether a file can be put there, before the work that it takes to fill it; leaves nothing behind.
///
/// ```
/// use executable_em_figures::export::ask;
/// # let folder = tempfile::tempdir().expect("a folder");
/// assert!(ask(&folder.path().join("results/fit.svg")).is_ok() && !folder.path().join("results").exists());
/// assert!(ask(folder.path()).is_err());
/// ```
///
/// # Errors
/// [`Error::File`] for a folder, and for a place where nothing can be written.
pub fn ask(path: &Path) -> Result<()> {
    let is_folder = path.is_dir() || path.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
    if is_folder {
        return Err(failed(path)(io::ErrorKind::IsADirectory.into()));
    }
    let Some(path) = destination(path)? else { return Ok(()) };
    if path.exists() {
        // What is write-protected is not to be replaced, though its folder would allow that.
        File::options().append(true).open(&path).map_err(failed(&path))?;
    }
    // The folder may be yet to be made: then in the nearest that is there.
    let there = path.ancestors().skip(1).find(|folder| folder.as_os_str().is_empty() || folder.exists());
    let there = there.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(there).map(drop).map_err(failed(&path))
}

/// A file that is being written, beside its place and under another name, until it is finished.
///
/// Dropped before that, it is taken away, and what was in its place stays. A link is followed to its target. What is
/// no file at all, as a device or a pipe, is written straight to.
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
    /// None for what is written straight to.
    unfinished: Option<TempPath>,
}

impl Unfinished {
    /// Begins the file, making its folder if need be.
    ///
    /// # Errors
    /// [`Error::File`], naming the path and what the operating system says of it.
    pub fn create(path: &Path) -> Result<Self> {
        let Some(path) = destination(path)? else {
            let file = BufWriter::new(straight(path).map_err(failed(path))?);
            return Ok(Unfinished { path: path.to_owned(), file, unfinished: None });
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed(folder))?;
        // tempfile's own files are for their owner's eyes; this one is as open as any new file.
        let beside = tempfile::Builder::new().make_in(folder, |place| File::create_new(place));
        let (file, unfinished) = beside.map_err(failed(&path))?.into_parts();
        if let Ok(old) = fs::metadata(&path) {
            file.set_permissions(old.permissions()).map_err(failed(&path))?;
            // Whose it is stays so as far as the system lets it.
            #[cfg(unix)]
            {
                use std::os::unix::fs::{MetadataExt, fchown};
                let _ = fchown(&file, Some(old.uid()), Some(old.gid()));
            }
        }
        Ok(Unfinished { path, file: BufWriter::new(file), unfinished: Some(unfinished) })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// [`Error::File`], naming the path and what the operating system says of it; the old file is then
    /// still there.
    pub fn finish(mut self) -> Result<()> {
        self.file.flush().map_err(failed(&self.path))?;
        match self.unfinished {
            Some(file) => file.persist(&self.path).map_err(|refused| failed(&self.path)(refused.error)),
            None => Ok(()),
        }
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

/// What is written straight to. The program's own output goes on where it is, so that nothing is written over.
fn straight(path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::{fd::AsFd, unix::fs::MetadataExt};
        // By its number: to open a pipe would wait for whoever is at its other end.
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let number = |there: fs::Metadata| (there.dev(), there.ino());
        if number(fs::metadata(path)?) == number(out.metadata()?) {
            return Ok(out);
        }
    }
    File::options().append(true).open(path)
}

/// Where a file is that this path names, there or not yet, at the end of all links; None for what is written straight
/// to.
///
/// ```
/// use executable_em_figures::export::destination;
/// use std::path::Path;
/// assert_eq!(destination(Path::new("new.csv"))?.as_deref(), Some(Path::new("new.csv")));
/// # #[cfg(unix)]
/// assert_eq!(destination(Path::new("/dev/null"))?, None);
/// # Ok::<(), executable_em_figures::Error>(())
/// ```
///
/// # Errors
/// [`Error::File`] for a folder, and for links that lead nowhere.
pub fn destination(path: &Path) -> Result<Option<PathBuf>> {
    followed(path, MOST_LINKS)
}

/// Systems follow no more.
const MOST_LINKS: usize = 40;

fn followed(path: &Path, links: usize) -> Result<Option<PathBuf>> {
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(failed(path)(io::ErrorKind::IsADirectory.into())),
        // What the system shows of files that are open already, as /dev/stdout.
        Ok(_) if path.starts_with("/dev") || path.starts_with("/proc") => Ok(None),
        Ok(there) if there.is_file() => fs::canonicalize(path).map(Some).map_err(failed(path)),
        Ok(_) => Ok(None),
        // Nothing there yet, or a link to nothing: as far as the links lead.
        Err(error) => match fs::read_link(path) {
            Ok(_) if links == 0 => Err(failed(path)(error)),
            Ok(target) => followed(&path.parent().unwrap_or(Path::new(".")).join(target), links - 1),
            Err(_) => Ok(Some(path.to_owned())),
        },
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    |error| Error::File { path: path.display().to_string(), source: error }
}
