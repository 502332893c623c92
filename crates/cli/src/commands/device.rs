//! What may have no end: devices, and standard input if it is one.

use std::{fs::File, io};

use super::{Failure, broken};

/// Standard input, as what the system knows of it.
pub fn stdin() -> Result<File, Failure> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
    }
    #[cfg(windows)]
    {
        use std::os::windows::io::AsHandle;
        Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
    }
}

/// Whether it is a terminal, or a device as /dev/zero is.
pub fn is_device(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        file.metadata().is_ok_and(|there| there.file_type().is_char_device())
    }
    #[cfg(not(unix))]
    {
        std::io::IsTerminal::is_terminal(file)
    }
}

pub fn endless(name: &str) -> Failure {
    broken(format!("{name}: is a device, which may have no end: raw doubles are read from a file or a pipe"))
}
