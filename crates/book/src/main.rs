//! Writes one Rust program for each notebook: its cells, joined, with a mark before each.
//!
//! `executable-em-book FOLDER NOTEBOOK…` makes a package of them in FOLDER, a program a notebook, which prints what the
//! kernel would send for each cell. The runner of the notebooks builds and runs it.

mod program;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use program::Program;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("usage: executable-em-book FOLDER NOTEBOOK…")?;
    let programs = folder.join("src/bin");
    fs::create_dir_all(&programs)?;
    let mut dependencies = BTreeSet::new();
    let mut written = BTreeSet::new();
    for notebook in arguments {
        let stem = notebook.file_stem().unwrap_or_default().to_string_lossy();
        match read(&notebook) {
            // One that is no program does not keep the others from being read.
            Err(error) => eprintln!("{}: {error}", notebook.display()),
            Ok(program) => {
                let beside = fs::canonicalize(notebook.parent().unwrap_or(Path::new(".")))?;
                dependencies.extend(program.dependencies.iter().map(|line| program::from(&beside, line)));
                let path = programs.join(format!("notebook_{stem}.rs"));
                write(&path, &program.text())?;
                written.insert(path);
            }
        }
    }
    for file in fs::read_dir(&programs)? {
        let path = file?.path();
        if !written.contains(&path) {
            fs::remove_file(path)?;
        }
    }
    write(&folder.join("Cargo.toml"), &program::manifest(&dependencies))?;
    Ok(())
}

/// Writes what is not there yet: an untouched program is not built again.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) { Ok(()) } else { fs::write(path, text) }
}

/// The program of a notebook's cells of code.
fn read(notebook: &Path) -> Result<Program, Box<dyn Error>> {
    let notebook: serde_json::Value = serde_json::from_str(&fs::read_to_string(notebook)?)?;
    let cells = notebook["cells"].as_array().ok_or("a notebook has cells")?;
    let mut program = Program::default();
    for cell in cells.iter().filter(|cell| cell["cell_type"] == "code") {
        let source: String = match &cell["source"] {
            serde_json::Value::Array(lines) => lines.iter().filter_map(|line| line.as_str()).collect(),
            text => text.as_str().unwrap_or_default().to_string(),
        };
        program.push(&source)?;
    }
    Ok(program)
}
