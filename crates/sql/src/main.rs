//! The program executable-em-sql.

use std::process::ExitCode;

fn main() -> ExitCode {
    executable_em_sql::main()
}
