//! The source of a derivation, shown in the notebook that calls it.

use crate::error::{Error, Result};
use include_dir::{Dir, include_dir};
use std::collections::BTreeSet;

/// The derivations as they were compiled: what a cell shows is what it has called.
static DERIVATIONS: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../src");

/// A function's source, ready to be shown as the last expression of a notebook cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The function's path, as in `kmeans::assign`.
    path: String,
    /// The file that holds it, below `src/`.
    file: String,
    text: String,
}

impl Source {
    /// The lines of the function, without its documentation, and of the private ones of the same file that it calls,
    /// but for guards: what is checked is not what is derived.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Called by the kernel: prints Markdown, which every viewer of notebooks shows with its colours.
    pub fn evcxr_display(&self) {
        let Source { path, file, text } = self;
        println!("EVCXR_BEGIN_CONTENT text/markdown");
        println!("[`{path}`](../src/{file})\n\n```rust\n{text}\n```\nEVCXR_END_CONTENT");
    }
}

/// The source of a function, or of a method, of the derivations.
///
/// `path` is what a program would write behind `executable_em::`.
///
/// ```
/// use executable_em_figures::notebook::source;
/// let assign = source("kmeans::assign")?;
/// assert!(assign.text().starts_with("pub fn assign(x: &DMatrix<f64>, means: &DMatrix<f64>)"));
/// assert!(assign.text().contains("fn nearest("));
/// assert!(source("gaussian_mixture::GaussianMixture::density")?.text().contains("log_marginals"));
/// # Ok::<(), executable_em_figures::Error>(())
/// ```
///
/// # Errors
/// [`Error::Source`] if there is no such function.
pub fn source(path: &str) -> Result<Source> {
    let missing = || Error::Source { path: path.to_string() };
    let mut parts: Vec<&str> = path.split("::").collect();
    let name = parts.pop().ok_or_else(missing)?;
    let owner = parts.pop_if(|part| part.starts_with(char::is_uppercase));
    files_of(&parts.join("/"))
        .find_map(|(file, text)| {
            Some(Source { path: path.to_string(), file, text: with_helpers(text, owner, name)? })
        })
        .ok_or_else(missing)
}

/// The files that may hold what a module exports: its own, then those below it.
fn files_of(module: &str) -> impl Iterator<Item = (String, &'static str)> {
    let of_folder = DERIVATIONS.get_dir(module).into_iter().flat_map(Dir::files);
    let mut files: Vec<_> =
        DERIVATIONS.get_file(format!("{module}.rs")).into_iter().chain(of_folder).collect();
    files.sort_by_key(|file| (!file.path().ends_with("mod.rs"), file.path()));
    files
        .into_iter()
        .filter_map(|file| Some((file.path().to_str()?.replace('\\', "/"), file.contents_utf8()?)))
}

/// The function, and the private ones of its file that it calls, and those that these call, in the order of the file.
fn with_helpers(file: &str, owner: Option<&str>, name: &str) -> Option<String> {
    let wanted = functions(file).find(|function| function.name == name && function.belongs_to(owner))?;
    let mut shown = BTreeSet::from([wanted.line]);
    let mut texts = vec![wanted];
    let mut next = 0;
    while next < texts.len() {
        for helper in functions(file).filter(|helper| helper.is_helper() && helper.owner.is_none()) {
            if calls(&texts[next].text, helper.name) && shown.insert(helper.line) {
                texts.push(helper);
            }
        }
        next += 1;
    }
    texts[1..].sort_by_key(|function| function.line);
    Some(texts.iter().map(|function| function.text.as_str()).collect::<Vec<_>>().join("\n\n"))
}

/// Whether a text calls the function, and not one whose name ends like it.
fn calls(text: &str, name: &str) -> bool {
    text.match_indices(&format!("{name}(")).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '_' | '.' | ':'))
            && !text[..at].ends_with("fn ")
    })
}

/// A function of a file.
struct Function<'a> {
    name: &'a str,
    /// The line `impl … {` that it stands under, if any.
    owner: Option<&'a str>,
    line: usize,
    /// Its lines, without documentation, moved to the left margin.
    text: String,
}

impl Function<'_> {
    fn belongs_to(&self, owner: Option<&str>) -> bool {
        let of_type = |block: &str, owner| {
            block.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == owner)
        };
        match (self.owner, owner) {
            (None, None) => true,
            (Some(block), Some(owner)) => of_type(block, owner),
            _ => false,
        }
    }

    fn is_helper(&self) -> bool {
        !self.text.starts_with("pub fn") && !self.name.starts_with("check")
    }
}

/// The functions of a file that rustfmt has formatted: each ends at the first `}` that is as far in as it began.
fn functions(file: &str) -> impl Iterator<Item = Function<'_>> {
    let lines: Vec<&str> = file.lines().collect();
    let mut owner = None;
    let mut found = Vec::new();
    for (line, &text) in lines.iter().enumerate() {
        if !text.starts_with([' ', '}', '/', '#']) && !text.is_empty() {
            owner = (text.starts_with("impl") || text.starts_with("pub trait")).then_some(text);
        }
        let indent = text.len() - text.trim_start().len();
        let Some(name) = name_of(text.trim_start()) else { continue };
        // A trait's method without a body ends at its semicolon.
        let head = lines[line..].iter().find(|text| text.ends_with(['{', '}', ';']));
        if !head.is_some_and(|text| text.ends_with('{')) {
            continue;
        }
        let end = format!("{}}}", " ".repeat(indent));
        let Some(last) = lines[line..].iter().position(|&text| text == end) else { continue };
        let text: Vec<&str> =
            lines[line..=line + last].iter().map(|line| line.get(indent..).unwrap_or("")).collect();
        let owner = if indent > 0 { owner } else { None };
        found.push(Function { name, owner, line, text: text.join("\n") });
    }
    found.into_iter()
}

/// The name of the function that begins on this line, if one does.
fn name_of(line: &str) -> Option<&str> {
    let visibility = ["pub ", "pub(crate) ", "pub(super) ", ""];
    let rest = visibility.iter().find_map(|start| line.strip_prefix(start)?.strip_prefix("fn "))?;
    rest.split(['(', '<']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_told_from_a_function_of_its_name() {
        let free = source("kmeans::responsibilities").expect("a function");
        let method = source("gaussian_mixture::GaussianMixture::responsibilities").expect("a method");
        assert!(free.text().contains("indicators(") && method.text().contains("self.log_joint"));
        let of_trait = source("gaussian_mixture::GaussianMixture::maximize").expect("a method of a trait");
        assert!(of_trait.text().starts_with("fn maximize(&self"), "{}", of_trait.text());
    }

    #[test]
    fn what_is_not_there_is_named() {
        for path in [
            "",
            "kmeans",
            "kmeans::nothing",
            "nothing::assign",
            "kmeans::Nothing::assign",
            "::",
            "latent::Model::log_joint",
        ] {
            let error = source(path).expect_err(path).to_string();
            assert!(error.contains(&format!("`{path}`")), "{error}");
        }
    }

    #[test]
    fn the_lines_are_those_of_the_file_and_no_comment_of_documentation() {
        let shown = source("kmeans::lloyd").expect("a function");
        let file =
            DERIVATIONS.get_file("kmeans/lloyd.rs").and_then(|file| file.contents_utf8()).expect("a file");
        assert!(shown.text().split("\n\n").all(|function| file.contains(function)));
        assert!(!shown.text().contains("///"));
    }
}
