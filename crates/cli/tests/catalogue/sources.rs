//! Reads off the sources who carries which id: plain text, laid out as rustfmt and Jupyter lay it out.

use crate::ids::ids_in;
use crate::items::{Item, identifier, items, public_module};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Names, each with the ids that it carries.
pub type Places = BTreeMap<String, Vec<String>>;

/// Everything that can carry an id.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The library's public items, module by module.
    pub items: Vec<Item>,
    pub functions: Places,
    pub tests: Places,
    pub sections: Places,
    pub figures: Places,
}

/// The repository.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");

/// Reads all of it; paths are relative to the repository.
pub fn read() -> Sources {
    let mut sources = Sources::default();
    for path in files(Path::new("src"), "rs") {
        if let Some(module) = public_module(&path) {
            sources.items.extend(items(&text(&path), &module));
        }
    }
    sources.functions = collected(sources.items.iter().map(|item| (item.path(), item.ids())));
    for (folder, path) in ["tests", "crates/engine/tests", "crates/figures/tests", "crates/cli/tests"]
        .into_iter()
        .flat_map(|folder| files(Path::new(folder), "rs").into_iter().map(move |path| (folder, path)))
    {
        let name = path.strip_prefix(folder).expect("a path in the folder").with_extension("");
        let module = name.display().to_string().replace('/', "::").replace("::main", "");
        if !module.starts_with("common") && !module.starts_with("catalogue") {
            sources.tests.extend(collected(tests(&text(&path), &module)));
        }
    }
    for path in files(Path::new("notebooks"), "ipynb") {
        let notebook = path.file_stem().expect("a name").display().to_string();
        sources.sections.extend(collected(sections(&text(&path), &notebook)));
    }
    sources.figures = collected(figures());
    sources
}

/// One name may be met twice, as two sections of the same heading are; then it carries the ids of both.
fn collected(places: impl IntoIterator<Item = (String, Vec<String>)>) -> Places {
    let mut all = Places::new();
    for (name, ids) in places {
        all.entry(name).or_default().extend(ids);
    }
    all
}

pub fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(Path::new(ROOT).join(&path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// The files of that extension in a folder and its folders, in order.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(ROOT).join(folder));
    let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| folder.join(entry.expect("an entry").file_name())).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if Path::new(ROOT).join(&path).is_dir() {
            files.extend(self::files(&path, extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            files.push(path);
        }
    }
    files
}

/// The tests of a file, with the ids of the comments above each.
pub fn tests(code: &str, module: &str) -> Vec<(String, Vec<String>)> {
    let mut tests = Vec::new();
    let (mut comment, mut is_test) = (String::new(), false);
    for line in code.lines().map(str::trim_start) {
        if line.starts_with("//") {
            comment.push_str(line.trim_start_matches('/'));
            comment.push('\n');
        } else if line.starts_with("#[") {
            is_test |= line == "#[test]";
        } else {
            if let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) {
                tests.push((format!("{module}::{}", identifier(rest)), ids_in(&comment)));
            }
            (comment, is_test) = (String::new(), false);
        }
    }
    tests
}

/// The sections of a notebook, with the ids of the text under each heading.
pub fn sections(json: &str, notebook: &str) -> Vec<(String, Vec<String>)> {
    let notebook_json: Value =
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{notebook}: {error}"));
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    for cell in notebook_json["cells"].as_array().expect("cells") {
        if cell["cell_type"] != "markdown" {
            continue;
        }
        let source = match &cell["source"] {
            Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        let mut paragraph = String::new();
        for line in source.lines().chain(["# "]) {
            if line.starts_with('#') {
                if let Some((_, ids)) = sections.last_mut() {
                    ids.extend(ids_in(&paragraph));
                }
                paragraph.clear();
                let title = line.trim_start_matches('#').trim();
                if !title.is_empty() {
                    sections.push((format!("{notebook}#{title}"), Vec::new()));
                }
            }
            paragraph.push_str(line);
            paragraph.push('\n');
        }
    }
    sections
}

/// The published figures, with the ids in the `Source:` line of the function that draws each.
fn figures() -> Vec<(String, Vec<String>)> {
    let table = text("crates/figures/src/lib.rs");
    let (_, rows) = table.split_once("pub const ALL").expect("the table of figures");
    let (rows, _) = rows.split_once("];").expect("its end");
    let mut code: BTreeMap<String, String> = BTreeMap::new();
    for path in files(Path::new("crates/figures/src"), "rs") {
        let inner = path.strip_prefix("crates/figures/src").expect("a path there").with_extension("");
        let chapter = inner.iter().next().expect("a name").display().to_string();
        code.entry(chapter).or_default().push_str(&text(&path));
    }
    rows.split("still(")
        .flat_map(|row| row.split("animation("))
        .skip(1)
        .map(|row| drawn(row, &code))
        .collect()
}

fn drawn(row: &str, code: &BTreeMap<String, String>) -> (String, Vec<String>) {
    let name = row.split('"').nth(1).unwrap_or_else(|| panic!("no name in {row}")).to_owned();
    let path = row.trim_end().trim_end_matches(['\n', ' ', ',', ')']);
    let function = path.rsplit(|c: char| !(c.is_alphanumeric() || "_:".contains(c))).next().expect("a path");
    let (chapter, function) =
        (function.split(':').next().expect("a chapter"), function.rsplit(':').next().expect("a function"));
    let code = code.get(chapter).unwrap_or_else(|| panic!("no code for {name}"));
    // A figure's function is private to the book; what makes it public here is only its row in the table.
    let public: String = code.replace("pub(super) fn", "pub fn").replace("pub(crate) fn", "pub fn");
    let item = items(&public, chapter).into_iter().find(|item| item.name == function);
    let item = item.unwrap_or_else(|| panic!("{name} is drawn by {function}, which was not found"));
    (name, ids_in(item.source()))
}

#[test]
fn tests_are_read_with_the_comments_above_them() {
    let code = "/// H-01: not of a helper.\n#[cfg(unix)]\nfn helper() {}\n\n\
        /// H-02: the first.\n#[test]\nfn first() {\n    // H-03\n}\n\n\
        proptest! {\n    /// H-04,\n    /// H-05: the second.\n    #[test]\n    fn second(x in 0..1) {}\n}\n";
    let expected = [("t::first", vec!["H-02"]), ("t::second", vec!["H-04", "H-05"])];
    let expected =
        expected.map(|(name, ids)| (name.to_owned(), ids.into_iter().map(str::to_owned).collect::<Vec<_>>()));
    assert_eq!(tests(code, "t"), expected);
}

#[test]
fn sections_are_read_from_heading_to_heading() {
    let json = r###"{"cells": [
        {"cell_type": "markdown", "source": ["# Title\n", "With H-01.\n", "## Two *(H-02)*\n", "Text"]},
        {"cell_type": "code", "source": "// H-03"},
        {"cell_type": "markdown", "source": "Still two: H-04\n### Three\nH-05"}]}"###;
    let expected =
        [("n#Title", vec!["H-01"]), ("n#Two *(H-02)*", vec!["H-02", "H-04"]), ("n#Three", vec!["H-05"])];
    let expected =
        expected.map(|(name, ids)| (name.to_owned(), ids.into_iter().map(str::to_owned).collect::<Vec<_>>()));
    assert_eq!(sections(json, "n"), expected);
}
