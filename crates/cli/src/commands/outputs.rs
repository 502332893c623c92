//! Where results go: asked before the work, and never over what is read.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use executable_em_figures::export::{self, Unfinished};
use same_file::Handle;

use super::{Failure, unwritten};

/// Refuses, before any work, an output that is one of the inputs or that another option names, and one that cannot be
/// written. `inputs` are paths, `-` being standard input; each output comes with its option.
pub fn ask(inputs: &[&Path], outputs: &[(&str, Option<&Path>)]) -> Result<(), Failure> {
    let asked: Vec<(&str, &Path)> =
        outputs.iter().filter_map(|&(option, path)| Some((option, path?))).collect();
    for (at, (option, path)) in asked.iter().enumerate() {
        let shown = path.display();
        if let Some(input) = inputs.iter().find(|input| is_same(input, path)) {
            let input =
                if input.as_os_str() == "-" { "standard input".into() } else { input.to_string_lossy() };
            return Err(Failure::Usage(format!(
                "{option} {shown} is what is read ({input}): name another file"
            )));
        }
        if let Some((other, _)) = asked[..at].iter().find(|(_, earlier)| is_same(earlier, path)) {
            return Err(Failure::Usage(format!("{shown} is asked for twice, by {other} and {option}")));
        }
    }
    Ok(asked.iter().try_for_each(|(_, path)| export::ask(path))?)
}

/// Whether two paths lead to one file, however they are spelled. What is no file, as a device, may be named twice.
fn is_same(one: &Path, other: &Path) -> bool {
    let is_stdin = |path: &Path| path.as_os_str() == "-";
    // Only of a file: to open a pipe would wait for whoever is at its other end.
    let is_file = |path: &Path| fs::metadata(path).is_ok_and(|there| there.is_file());
    let handle = |path: &Path| match (is_stdin(path), is_file(path)) {
        (true, _) => Handle::stdin().ok(),
        (false, true) => Handle::from_path(path).ok(),
        (false, false) => None,
    };
    match (handle(one), handle(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => place(one).is_some_and(|one| place(other) == Some(one)),
        _ => false,
    }
}

/// The whole path of a file that is yet to be made; none for what is written straight to.
fn place(path: &Path) -> Option<PathBuf> {
    let path = export::destination(path).ok()??;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    Some(folder.join(path.file_name()?))
}

/// A file that is there when it is finished, or standard output.
pub enum Output {
    File(Unfinished, PathBuf),
    Standard(io::BufWriter<io::Stdout>),
}

impl Output {
    pub fn create(path: Option<&Path>) -> Result<Self, Failure> {
        Ok(match path {
            Some(path) => Output::File(Unfinished::create(path)?, path.to_owned()),
            None => Output::Standard(io::BufWriter::new(io::stdout())),
        })
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
