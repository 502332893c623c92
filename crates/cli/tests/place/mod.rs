//! The program as a user runs it: in a folder, with files.

use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em_engine::{Mixture, SavedMixture};
use nalgebra::DMatrix;
use std::{
    fs,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// A folder with some files, in which the program runs.
pub struct Place(pub TempDir);

#[allow(dead_code)] // every test file uses its own part
impl Place {
    pub fn with(files: &[(&str, &str)]) -> Place {
        let place = Place(tempfile::tempdir().expect("a folder"));
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), bytes).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string();
        let mut names: Vec<String> = entries.map(|entry| name(entry).expect("UTF-8")).collect();
        names.sort();
        names
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_executable-em"));
        command.args(line.split_whitespace()).current_dir(self.0.path());
        command
    }

    pub fn run(&self, line: &str) -> Output {
        self.command(line).stdin(Stdio::null()).output().expect("the program starts")
    }

    /// What it prints, if it succeeds without a word on standard error.
    #[track_caller]
    pub fn prints(&self, line: &str) -> String {
        let output = self.run(line);
        assert_eq!(text(&output.stderr), "", "{line}");
        assert_eq!(output.status.code(), Some(0), "{line}");
        text(&output.stdout)
    }

    /// It says this and no more on standard error, and nothing on standard output.
    #[track_caller]
    pub fn refuses(&self, line: &str, code: i32, error: &str) {
        let output = self.run(line);
        assert_eq!(text(&output.stdout), "", "{line}");
        let help = if code == 2 { "\n\nFor more information, try '--help'." } else { "" };
        assert_eq!(text(&output.stderr), format!("error: {error}{help}\n"), "{line}");
        assert_eq!(output.status.code(), Some(code), "{line}");
    }

    pub fn saved(&self, name: &str) -> SavedMixture {
        SavedMixture::from_json(&self.read(name)).expect("a model")
    }

    pub fn gaussians(&self, name: &str) -> GaussianMixture {
        match self.saved(name).model {
            Mixture::Gaussian(model) => model,
            other => panic!("{name}: {other:?}"),
        }
    }

    pub fn coins(&self, name: &str) -> BernoulliMixture {
        match self.saved(name).model {
            Mixture::Bernoulli(model) => model,
            other => panic!("{name}: {other:?}"),
        }
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text in UTF-8")
}

/// Rows of numbers as text that is read back bit for bit.
#[allow(dead_code)]
pub fn csv(header: &str, x: &DMatrix<f64>) -> String {
    let line = |i| x.row(i).iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(",");
    let lines: Vec<String> = (0..x.nrows()).map(line).collect();
    format!("{header}\n{}\n", lines.join("\n"))
}
