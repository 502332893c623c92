//! The program for files, from this crate: what it says of a file, `fit` must say of a query.

use std::process::ExitCode;

fn main() -> ExitCode {
    executable_em_cli::main()
}
