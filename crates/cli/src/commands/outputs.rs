//! Where results go: asked before the work, and never over what is read.

use std::{
    borrow::Cow,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use executable_em_figures::export::{self, Unfinished};
use same_file::Handle;

use super::{Failure, broken, unwritten, watch::Watch};

/// Endings that promise a form: of what the program writes, and of what others would.
const FORMS: [&str; 32] = [
    "json", "csv", "svg", "pdf", "png", "f64", "tsv", "jsonl", "ndjson", "gif", "jpg", "jpeg", "npy", "npz",
    "parquet", "arrow", "feather", "h5", "hdf5", "xls", "xlsx", "ods", "pkl", "rds", "gz", "bz2", "xz",
    "zst", "lz4", "zip", "7z", "tar",
];

/// How often one who waits for the reader of a pipe looks whether to go on.
const BETWEEN: Duration = Duration::from_millis(100);

/// A place that an option names for results, of the form that these endings promise.
pub struct Wanted<'a> {
    pub option: &'a str,
    pub path: Option<&'a Path>,
    pub forms: &'a [&'a str],
}

impl<'a> Wanted<'a> {
    /// What `--out` names.
    pub fn out(path: Option<&'a Path>, forms: &'a [&'a str]) -> Self {
        Wanted { option: "--out", path, forms }
    }
}

/// Refuses, before any work, an output that is one of the inputs or that another option names, one whose name promises
/// another form, and one that cannot be written. `inputs` are paths, `-` being standard input.
pub fn ask(inputs: &[&Path], outputs: &[Wanted<'_>]) -> Result<(), Failure> {
    let same = |there: &Handle| inputs.iter().find(|input| handle(input).as_ref() == Some(there));
    // The shell may have been told to append to what is read, which then has no end.
    let file = Handle::stdout().ok().filter(|out| out.as_file().metadata().is_ok_and(|it| it.is_file()));
    if let Some(input) = file.as_ref().and_then(same) {
        let input = shown(input);
        return Err(Failure::Usage(format!("standard output is what is read ({input}): send it elsewhere")));
    }
    let asked: Vec<(&Wanted<'_>, &Path)> = outputs.iter().filter_map(|it| Some((it, it.path?))).collect();
    for (at, &(Wanted { option, forms, .. }, path)) in asked.iter().enumerate() {
        let name = path.display();
        if let Some(input) = inputs.iter().find(|input| is_same(input, path)) {
            let input = shown(input);
            return Err(Failure::Usage(format!(
                "{option} {name} is what is read ({input}): name another file"
            )));
        }
        if is_stdin(path) {
            return Err(Failure::Usage(format!(
                "{option} -: names no file: standard output is where tables go without {option}"
            )));
        }
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if FORMS.contains(&ending.as_str()) && !forms.contains(&ending.as_str()) {
            let form = forms.join(" or ");
            return Err(Failure::Usage(format!("{option} {name} would be {form}, not {ending}")));
        }
        if let Some((other, _)) = asked[..at].iter().find(|(_, earlier)| is_same(earlier, path)) {
            let other = other.option;
            return Err(Failure::Usage(format!("{name} is asked for twice, by {other} and {option}")));
        }
    }
    Ok(asked.iter().try_for_each(|(_, path)| export::ask(path))?)
}

fn shown(input: &Path) -> Cow<'_, str> {
    if is_stdin(input) { "standard input".into() } else { input.to_string_lossy() }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether two paths lead to one file, however they are spelled. What is no file, as a device, may be named twice.
fn is_same(one: &Path, other: &Path) -> bool {
    match (handle(one), handle(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => place(one).is_some_and(|one| place(other) == Some(one)),
        _ => false,
    }
}

/// The identity of standard input, and of a file: to open a pipe would wait for whoever is at its other end.
fn handle(path: &Path) -> Option<Handle> {
    if is_stdin(path) {
        return Handle::stdin().ok();
    }
    if fs::metadata(path).is_ok_and(|there| there.is_file()) { Handle::from_path(path).ok() } else { None }
}

/// The whole path of a file that is yet to be made; none for what is written straight to.
fn place(path: &Path) -> Option<PathBuf> {
    let path = export::destination(path).ok()??;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    Some(folder.join(path.file_name()?))
}

/// Puts a whole result into its place; a reader who does not take all of it is an error.
pub fn write(path: &Path, bytes: &[u8], watch: &Watch) -> Result<(), Failure> {
    if !is_straight(path) {
        export::write(path, bytes)?;
        return Ok(());
    }
    let mut file = begun(path, watch)?;
    file.write_all(bytes).map_err(|error| broken(format!("{}: {error}", path.display())))?;
    Ok(file.finish()?)
}

/// Whether it is written straight to, as a pipe or a device.
fn is_straight(path: &Path) -> bool {
    matches!(export::destination(path), Ok(None))
}

/// Begins a file. To open a pipe waits for its reader, and that a signal ends: the system resumes an open that a signal
/// interrupts, so another thread waits in it.
fn begun(path: &Path, watch: &Watch) -> Result<Unfinished, Failure> {
    if !is_straight(path) {
        return Ok(Unfinished::create(path)?);
    }
    let (opened, waiting) = mpsc::channel();
    let path = path.to_owned();
    thread::Builder::new().spawn(move || opened.send(Unfinished::create(&path)))?;
    loop {
        match waiting.recv_timeout(BETWEEN) {
            Err(RecvTimeoutError::Timeout) => watch.go_on()?,
            opened => return Ok(opened??),
        }
    }
}

/// A file that is there when it is finished, or standard output.
pub enum Output {
    File(Unfinished, PathBuf),
    Standard(io::BufWriter<io::Stdout>),
}

impl Output {
    pub fn create(path: Option<&Path>, watch: &Watch) -> Result<Self, Failure> {
        Ok(match path {
            Some(path) => Output::File(begun(path, watch)?, path.to_owned()),
            None => Output::Standard(io::BufWriter::new(io::stdout())),
        })
    }

    /// The same; from now on signals stop the work that fills it, which takes an unfinished file away.
    pub fn watched(path: Option<&Path>, watch: &mut Watch) -> Result<Self, Failure> {
        watch.listen()?;
        Output::create(path, watch)
    }

    pub fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.write_bytes(text.as_bytes())
    }

    /// Writes text of any encoding.
    pub fn write_bytes(&mut self, text: &[u8]) -> Result<(), Failure> {
        match self {
            Output::File(file, path) => {
                file.write_all(text).map_err(|error| unwritten(&path.display().to_string(), &error))
            }
            Output::Standard(out) => {
                out.write_all(text).map_err(|error| unwritten("standard output", &error))
            }
        }
    }

    pub fn finish(self) -> Result<(), Failure> {
        match self {
            Output::File(file, _) => Ok(file.finish()?),
            Output::Standard(mut out) => out.flush().map_err(|error| unwritten("standard output", &error)),
        }
    }
}
