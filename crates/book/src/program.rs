//! The program that does what a notebook does, cell by cell.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use syn::spanned::Spanned;
use syn::{Block, Item, Stmt, UseTree};

/// The cells so far, joined.
#[derive(Default)]
pub struct Program {
    /// What the cells' `:dep` lines ask for, in the words of a `Cargo.toml`.
    pub dependencies: Vec<String>,
    /// Each name once, though several cells may ask for it.
    uses: BTreeSet<String>,
    body: String,
    cells: usize,
}

/// What stands before the cells. A cell's last expression is shown by its own method `evcxr_display`, which Rust
/// prefers, or else by this one, a loop's `()` too; an error that leaves a cell is told in its own words.
const FRAME: &str = "\
trait Display {
    fn evcxr_display(&self);
}
impl<T: std::fmt::Debug> Display for T {
    fn evcxr_display(&self) {
        println!(\"EVCXR_BEGIN_CONTENT text/plain\\n{self:?}\\nEVCXR_END_CONTENT\");
    }
}
fn mark(cell: usize) {
    println!(\"\\u{1}{cell}\");
}
fn main() {
    if let Err(error) = cells() {
        eprintln!(\"{error}\");
        std::process::exit(1);
    }
}
fn cells() -> std::result::Result<(), Box<dyn std::error::Error>> {
";

impl Program {
    /// Adds a cell.
    ///
    /// # Errors
    /// Where it is no Rust, with the cell's number.
    pub fn push(&mut self, cell: &str) -> Result<(), String> {
        self.cells += 1;
        let number = self.cells;
        let mut source = String::from("{\n");
        for line in cell.lines() {
            match line.strip_prefix(":dep ") {
                Some(dependency) => self.dependencies.push(dependency.to_string()),
                None => source.push_str(line),
            }
            source.push('\n');
        }
        source.push('}');
        let block: Block = syn::parse_str(&source).map_err(|error| {
            let start = error.span().start();
            format!("cell [{number}], line {}: {error}", start.line.saturating_sub(1))
        })?;
        let _ = writeln!(self.body, "mark({number});");
        for (at, statement) in block.stmts.iter().enumerate() {
            let text = &source[statement.span().byte_range()];
            match statement {
                Stmt::Item(Item::Use(item)) => names("", &item.tree, &mut self.uses),
                Stmt::Expr(_, None) if at + 1 == block.stmts.len() => {
                    let _ = writeln!(self.body, "({text}).evcxr_display();");
                }
                _ => {
                    let _ = writeln!(self.body, "{text}");
                }
            }
        }
        Ok(())
    }

    /// The whole program.
    pub fn text(&self) -> String {
        let uses: String = self.uses.iter().map(|name| format!("use {name};\n")).collect();
        format!("#![allow(warnings)]\n{uses}{FRAME}{}Ok(())\n}}\n", self.body)
    }
}

/// Every single name that a `use` brings in.
fn names(path: &str, tree: &UseTree, into: &mut BTreeSet<String>) {
    let name = match tree {
        UseTree::Path(tree) => return names(&format!("{path}{}::", tree.ident), &tree.tree, into),
        UseTree::Group(group) => return group.items.iter().for_each(|tree| names(path, tree, into)),
        UseTree::Name(name) if name.ident == "self" => path.trim_end_matches("::").to_string(),
        UseTree::Name(name) => format!("{path}{}", name.ident),
        UseTree::Rename(name) => format!("{path}{} as {}", name.ident, name.rename),
        UseTree::Glob(_) => format!("{path}*"),
    };
    into.insert(name);
}

/// A dependency whose path, if it has one, starts at the notebook's folder.
pub fn from(folder: &Path, dependency: &str) -> String {
    dependency.replace("path = \"", &format!("path = \"{}/", folder.display()))
}

/// The `Cargo.toml` of a package of such programs. They run for seconds, so all of it builds fast rather than runs
/// fast; to optimise across a crate's parts (`lto`) would take as long as all other optimisation.
pub fn manifest(dependencies: &BTreeSet<String>) -> String {
    let dependencies: Vec<&str> = dependencies.iter().map(String::as_str).collect();
    format!(
        "[package]\nname = \"notebooks\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{}\n\n\
         [profile.release]\nopt-level = 1\nlto = \"off\"\n\n\
         [profile.release.package.notebooks]\nopt-level = 0\n\n[workspace]\n",
        dependencies.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(cells: &[&str]) -> Program {
        let mut program = Program::default();
        cells.iter().for_each(|cell| program.push(cell).expect("Rust"));
        program
    }

    #[test]
    fn a_name_that_two_cells_use_is_used_once() {
        let text = program(&["use a::{self, b::c as d};", "use a::b::c as d;\nuse e::*;"]).text();
        for line in ["use a;", "use a::b::c as d;", "use e::*;"] {
            assert_eq!(text.matches(line).count(), 1, "{line}\n{text}");
        }
    }

    #[test]
    fn only_a_last_expression_is_shown() {
        let text = program(&["let x = 1;\nx + 1", "for _ in 0..x {}\nx;", "x;"]).text();
        assert_eq!(text.matches(").evcxr_display();").count(), 1, "{text}");
        assert!(text.contains("(x + 1).evcxr_display();"), "{text}");
    }

    #[test]
    fn what_is_no_rust_is_named_by_cell_and_line() {
        let error = Program::default().push(":dep a = \"1\"\nlet = 2;").expect_err("no name");
        assert!(error.starts_with("cell [1], line 2: "), "{error}");
    }

    #[test]
    fn dependencies_leave_the_cell_and_keep_their_folder() {
        let program = program(&[":dep a = { path = \"..\" }\nuse a::b;"]);
        assert_eq!(from(Path::new("/n"), &program.dependencies[0]), "a = { path = \"/n/..\" }");
    }
}
