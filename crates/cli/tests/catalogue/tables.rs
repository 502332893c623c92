//! The tables of README.md and src/lib.rs, made from the map.

use crate::ids::compact;
use crate::sources::{Sources, text};
use executable_em::catalogue::{CHAPTERS, Entry};
use std::path::{Path, PathBuf};

/// The files that hold a table, each with its present text and the text that it should have.
pub fn files(entries: &[Entry], sources: &Sources) -> [(&'static str, String, String); 2] {
    let library = library_table(sources).lines().map(|line| format!("//! {line}\n")).collect::<String>();
    [with_table("README.md", "", &readme_table(entries, sources)), with_table("src/lib.rs", "//! ", &library)]
}

/// Puts a table between the two comments that mark its place.
fn with_table(path: &'static str, indent: &str, table: &str) -> (&'static str, String, String) {
    let present = text(path);
    let start = format!("{indent}<!-- map: written by `UPDATE=1 cargo test --test catalogue` -->\n");
    let end = format!("{indent}<!-- end of the map -->\n");
    let blank = format!("{}\n", indent.trim_end());
    let (before, rest) = present.split_once(&start).unwrap_or_else(|| panic!("{path} has no line {start}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{path} has no line {end}"));
    let wanted = format!("{before}{start}{blank}{table}{blank}{end}{after}");
    (path, present, wanted)
}

/// Each module with what it derives, its functions as links, and the ids that they carry.
fn library_table(sources: &Sources) -> String {
    let mut table = "| module | what it derives | functions | ids |\n|---|---|---|---|\n".to_owned();
    for module in modules(sources) {
        let items = sources.items.iter().filter(|item| item.module == module && !item.ids().is_empty());
        let (mut links, mut ids) = (Vec::new(), Vec::new());
        for item in items {
            links.push(format!("[`{}`]({})", item.name, item.link));
            ids.extend(item.ids());
        }
        let row =
            [format!("[`{module}`](mod@{module})"), first_sentence(&module), links.join(", "), compact(ids)];
        table.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    table
}

/// The modules that carry ids: those of each chapter, then the errata, then what the chapters rest on.
fn modules(sources: &Sources) -> Vec<String> {
    let mut modules: Vec<String> = Vec::new();
    for item in sources.items.iter().filter(|item| !item.ids().is_empty()) {
        if !modules.contains(&item.module) {
            modules.push(item.module.clone());
        }
    }
    let place = |module: &String| {
        let top = module.split("::").next().unwrap_or_default();
        let rest = CHAPTERS.len() + usize::from(top != "errata");
        (CHAPTERS.iter().position(|chapter| *chapter == top).unwrap_or(rest), module.clone())
    };
    modules.sort_by_key(place);
    modules
}

/// The first sentence of a module's documentation.
fn first_sentence(module: &str) -> String {
    let file = Path::new("src").join(module.replace("::", "/"));
    let folder: PathBuf = file.join("mod.rs");
    let code = text(if folder.exists() { folder } else { file.with_extension("rs") });
    let lines = code.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// Each chapter with its modules and the items and errata that belong to it; then the errata, which have modules of
/// their own besides.
fn readme_table(entries: &[Entry], sources: &Sources) -> String {
    let mut table = "| chapter | modules | items | errata |\n|---|---|---|---|\n".to_owned();
    for chapter in CHAPTERS.into_iter().chain(["errata"]) {
        let modules = modules(sources);
        let own = modules.iter().filter(|module| module.split("::").next() == Some(chapter));
        // Within its chapter a module goes by its last name.
        let names: Vec<String> =
            own.map(|module| format!("`{}`", module.rsplit("::").next().unwrap_or_default())).collect();
        let ids = |errata: bool| {
            let chosen =
                entries.iter().filter(|entry| entry.answers_to(chapter) && entry.is_erratum() == errata);
            compact(chosen.map(|entry| &entry.id))
        };
        let row = [format!("`{chapter}`"), names.join(", "), ids(false), ids(true)];
        table.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    table
}
