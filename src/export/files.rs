//! Writing a file whole or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{Error, Result};

/// Puts the bytes into the file, making its folder if need be, and tells whether they differ from what was
/// there.
///
/// They are first written beside it under another name, which then replaces it in one step: whoever
/// interrupts this finds the old file or the new one, never half of one.
///
/// # Errors
/// [`Error::File`], naming the path and what the operating system says of it.
pub fn write(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    let failed = |path: &Path, error: io::Error| Error::File {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let unfinished = unfinished(path);
    fs::write(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, path)).map_err(|error| {
        // Whatever went wrong, nothing half-written stays; that it may never have been there is fine.
        let _ = fs::remove_file(&unfinished);
        failed(path, error)
    })?;
    Ok(true)
}

/// `.name.svg.1234`, where 1234 is this process: two runs at once do not meet.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}
