//! Writing a file whole or not at all.

use std::{
    env,
    fs::{self, File},
    io::{self, BufWriter, ErrorKind, Seek, Write},
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
        return Err(failed(path)(ErrorKind::IsADirectory.into()));
    }
    let Some(path) = destination(path)? else { return Ok(()) };
    if path.exists() {
        // What is write-protected is not to be replaced, though its folder would allow that.
        File::options().append(true).open(&path).map_err(failed(&path))?;
    }
    make_beside(&path, |folder| tempfile::tempfile_in(folder)).map(drop).map_err(failed(&path))
}

/// The path's folder, or if that is yet to be made the nearest that is there.
fn folder_of(path: &Path) -> &Path {
    let there = path.ancestors().skip(1).find(|folder| folder.as_os_str().is_empty() || folder.exists());
    there.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file that is being written, beside its place and under another name, until it is finished.
///
/// Dropped before that, it is taken away, and what was in its place stays. Folders that are missing are made when it is
/// finished. A link is followed to its target. What is no file at all, as a device or a pipe, is written straight to.
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
    /// Begins the file.
    ///
    /// # Errors
    /// [`Error::File`], naming the path and what the operating system says of it.
    pub fn create(path: &Path) -> Result<Self> {
        let Some(path) = destination(path)? else {
            let file = BufWriter::new(straight(path).map_err(failed(path))?);
            return Ok(Unfinished { path: path.to_owned(), file, unfinished: None });
        };
        // tempfile's own files are for their owner's eyes; this one is as open as any new file.
        let open = |place: &Path| File::options().read(true).write(true).create_new(true).open(place);
        let beside = make_beside(&path, |folder| tempfile::Builder::new().make_in(folder, open));
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

    /// Puts the file in its place. Where that cannot be, since something is mounted there or the folder is closed, it
    /// is written over what is there.
    ///
    /// # Errors
    /// [`Error::File`], naming the path and what the operating system says of it; the old file is then still there, or
    /// the error names the place where the new one is kept.
    pub fn finish(mut self) -> Result<()> {
        self.file.flush().map_err(failed(&self.path))?;
        if let Some(unfinished) = self.unfinished {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder).map_err(failed(folder))?;
            match unfinished.persist(&self.path) {
                Err(refused) if is_closed(&refused.error) => {
                    write_over(self.file.get_mut(), refused.path, &self.path)?;
                }
                placed => placed.map_err(|refused| failed(&self.path)(refused.error))?,
            }
        }
        Ok(())
    }
}

/// Copies the finished file over what is in its place. If that fails half of it may be there, so the whole is kept.
fn write_over(file: &mut File, finished: TempPath, path: &Path) -> Result<()> {
    let mut copy = || {
        file.rewind()?;
        let mut there = File::options().write(true).truncate(true).open(path)?;
        io::copy(file, &mut there)?;
        // Some systems tell only now that there was no room.
        there.sync_all()
    };
    let Err(error) = copy() else { return Ok(()) };
    let kept = finished.keep().map_err(|lost| failed(path)(lost.error))?;
    let told = format!("{error}: what was to be there is in {}", kept.display());
    Err(failed(path)(io::Error::new(error.kind(), told)))
}

/// Whether what is in a place may still be written to, though nothing can be put there.
fn is_closed(error: &io::Error) -> bool {
    use ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem | ResourceBusy | CrossesDevices)
}

/// Makes a temporary file beside the path; elsewhere, if the folder is closed and the path is to be written over.
fn make_beside<T>(path: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
    make(folder_of(path)).or_else(|refused| {
        if !is_closed(&refused) || !path.exists() {
            return Err(refused);
        }
        let elsewhere = env::temp_dir();
        make(&elsewhere).map_err(|_| {
            let told =
                format!("{refused} for its folder, and {} is closed too: set TMPDIR", elsewhere.display());
            io::Error::new(refused.kind(), told)
        })
    })
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
    let there = fs::metadata(path);
    if there.is_ok() && is_descriptor(path) {
        return Ok(None);
    }
    // Link by link, as one may lead to a descriptor.
    if let Ok(target) = fs::read_link(path)
        && links > 0
    {
        return followed(&path.parent().unwrap_or(Path::new(".")).join(target), links - 1);
    }
    match there {
        Ok(there) if there.is_dir() => Err(failed(path)(ErrorKind::IsADirectory.into())),
        Ok(there) if there.is_file() => fs::canonicalize(path).map(Some).map_err(failed(path)),
        Ok(_) => Ok(None),
        Err(error) if links == 0 => Err(failed(path)(error)),
        Err(_) => Ok(Some(path.to_owned())),
    }
}

/// Whether the path is what the system shows of a file that is open already, as /dev/stdout.
fn is_descriptor(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(path);
    let is_of_process = folder.starts_with("/proc") && folder.ends_with("fd") && folder.iter().count() == 4;
    let standard = ["/dev/stdin", "/dev/stdout", "/dev/stderr"].map(Path::new);
    is_of_process || folder == Path::new("/dev/fd") || standard.contains(&path)
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    |error| Error::File { path: path.display().to_string(), source: error }
}
