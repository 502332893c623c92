//! The program; all of it is in the library beside it, where tests find it.

fn main() -> std::process::ExitCode {
    executable_em_cli::main()
}
