//! Every work named by author and year, as in Lloyd (1982), has its entry in `notebooks/references.bib`.

use crate::sources::{files, text};
use std::{collections::BTreeSet, path::Path};

/// The works that a text names, with their years; a city is no author.
fn works(text: &str) -> Vec<(String, String)> {
    let plain = text.replace("\\n\",", " ").replace(['"', '/', '!', '\\'], " ").replace('&', "and");
    let spaced = plain.replace('(', " ( ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let is_letter = |c: char| c.is_alphabetic() || "'-,".contains(c);
    let is_name = |word: &str| word.starts_with(char::is_uppercase) && word.chars().all(is_letter);
    let is_listed = |word: &&&str| is_name(word) || ["and", "et", "al.", "van"].contains(word);
    let work = |(index, word): (usize, &&str)| {
        let year: u32 = word.trim_matches(|c: char| !c.is_alphanumeric()).parse().ok()?;
        let before = words[..index].strip_suffix(&["("]).unwrap_or(&words[..index]);
        let count = before.iter().rev().take_while(is_listed).count();
        let authors = before[before.len() - count..].join(" ").trim_end_matches(',').replace(" and ", ", ");
        let somebody =
            authors.contains(char::is_uppercase) && !["Melbourne", "Tübingen"].contains(&&*authors);
        (somebody && (1600..2100).contains(&year)).then(|| (authors, year.to_string()))
    };
    words.iter().enumerate().filter_map(work).collect()
}

#[test]
fn every_work_has_an_entry() {
    let accents = [("{\\'e}", "é"), ("{\\\"a}", "ä"), ("{\\\"o}", "ö")];
    let list =
        accents.iter().fold(text("notebooks/references.bib"), |list, (from, to)| list.replace(from, to));
    let paths = ["src", "crates", "tests", "examples", "notebooks"].map(Path::new).into_iter();
    let paths = paths.flat_map(|folder| ["rs", "md", "ipynb"].map(|kind| files(folder, kind))).flatten();
    let paths = paths.chain(["README.md", "catalogue.json"].map(Into::into));
    let paths = paths.filter(|path| !path.starts_with("crates/cli/tests/catalogue"));
    let mut all: BTreeSet<_> = paths.flat_map(|path| works(&text(path))).collect();
    assert!(all.len() >= 95, "only {} works are named", all.len());
    for line in list.lines().filter(|line| line.starts_with('@') && line.contains(" year = {")) {
        let [names, years] =
            ["author", "year"].map(|field| line.split_once(&format!(" {field} = {{")).expect(line).1);
        let names = names.split('}').next().into_iter().flat_map(|names| names.split(" and "));
        let own: Vec<&str> = names.filter_map(|name| name.split(',').next()).collect();
        let ends = [own.join(", "), format!("{} et al.", own[0])];
        all.retain(|(authors, year)| !years.contains(year) || !ends.iter().any(|end| authors.ends_with(end)));
    }
    assert!(all.is_empty(), "notebooks/references.bib lacks {all:?}");
}
