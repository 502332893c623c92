//! Answers the questions of the live pages, one a line: what a browser's answers are compared with.

use std::io::{self, BufRead, Write};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for question in io::stdin().lock().lines() {
        writeln!(out, "{}", executable_em_live::answer(&question?))?;
    }
    Ok(())
}
