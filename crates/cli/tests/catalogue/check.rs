//! What a map must be: complete, without inventions, and true of the sources.

use crate::ids::{all, ids_in};
use crate::items::Item;
use crate::sources::{Places, Sources};
use executable_em_cli::catalogue::{CHAPTERS, Entry};
use std::collections::BTreeSet;

/// Everything that is wrong with the map, a line each; empty if nothing is.
pub fn complaints(entries: &[Entry], sources: &Sources) -> Vec<String> {
    let mut complaints = wrong_ids(entries);
    for (index, (kind, places)) in kinds(sources).into_iter().enumerate() {
        complaints.extend(wrong_places(entries, index, kind, places));
        complaints.extend(inventions(kind, places));
    }
    complaints.extend(entries.iter().flat_map(gaps));
    complaints.extend(entries.iter().flat_map(wrong_words));
    complaints.extend(sources.items.iter().filter_map(nameless));
    complaints
}

fn kinds(sources: &Sources) -> [(&'static str, &Places); 4] {
    [
        ("function", &sources.functions),
        ("test", &sources.tests),
        ("section", &sources.sections),
        ("figure", &sources.figures),
    ]
}

/// The links of each entry as the sources have them.
pub fn linked(entries: &[Entry], sources: &Sources) -> Vec<Entry> {
    let carriers = |places: &Places, id: &String| -> Vec<String> {
        places.iter().filter(|(_, ids)| ids.contains(id)).map(|(name, _)| name.clone()).collect()
    };
    let link = |entry: &Entry| {
        let mut entry = entry.clone();
        entry.functions = carriers(&sources.functions, &entry.id);
        entry.tests = carriers(&sources.tests, &entry.id);
        entry.sections = carriers(&sources.sections, &entry.id);
        entry.figures = carriers(&sources.figures, &entry.id);
        if missing(&entry).is_empty() {
            entry.reason = None;
        }
        entry
    };
    entries.iter().map(link).collect()
}

/// The ids of the map are those of the lectures, each once, in order.
fn wrong_ids(entries: &[Entry]) -> Vec<String> {
    let all = all();
    let own: Vec<&String> = entries.iter().map(|entry| &entry.id).collect();
    let mut complaints: Vec<String> = all
        .iter()
        .filter(|id| !own.contains(id))
        .map(|id| format!("{id} is missing from catalogue.json"))
        .chain(own.iter().filter(|id| !all.contains(id)).map(|id| format!("{id} is no id of the lectures")))
        .collect();
    if complaints.is_empty() && !own.into_iter().eq(&all) {
        complaints
            .push("the entries of catalogue.json are not in the order of the lectures, each once".to_owned());
    }
    complaints
}

/// Every place that an entry names exists and carries its id, and every place that carries it is named.
fn wrong_places(entries: &[Entry], index: usize, kind: &str, places: &Places) -> Vec<String> {
    let mut complaints = Vec::new();
    for entry in entries {
        let (id, named) = (&entry.id, entry.places()[index].1);
        for name in named {
            match places.get(name) {
                None => complaints.push(format!("{id}: there is no {kind} {name}")),
                Some(ids) if !ids.contains(id) => {
                    complaints.push(format!("{id}: the {kind} {name} does not carry it"));
                }
                Some(_) => {}
            }
        }
        for (name, _) in places.iter().filter(|(name, ids)| ids.contains(id) && !named.contains(name)) {
            complaints.push(format!("{id}: the {kind} {name} carries it and is not named"));
        }
    }
    complaints
}

fn inventions(kind: &str, places: &Places) -> Vec<String> {
    let all: BTreeSet<String> = all().into_iter().collect();
    let invented = places.iter().flat_map(|(name, ids)| {
        ids.iter().filter(|id| !all.contains(*id)).map(move |id| (name.clone(), id.clone()))
    });
    invented.map(|(name, id)| format!("{kind} {name} carries {id}, which is no id of the lectures")).collect()
}

/// What an entry should have and does not: something that computes or draws it, a test, and a section of a notebook.
fn missing(entry: &Entry) -> Vec<&'static str> {
    let computed = !(entry.functions.is_empty() && entry.figures.is_empty());
    let has =
        [("function", computed), ("test", !entry.tests.is_empty()), ("section", !entry.sections.is_empty())];
    has.into_iter().filter(|(_, has)| !has).map(|(kind, _)| kind).collect()
}

fn gaps(entry: &Entry) -> Vec<String> {
    let missing = missing(entry);
    match &entry.reason {
        None => missing
            .into_iter()
            .map(|kind| format!("{} has no {kind} and gives no reason", entry.id))
            .collect(),
        Some(_) if missing.is_empty() => vec![format!("{} has everything, so its reason can go", entry.id)],
        Some(_) => Vec::new(),
    }
}

/// The typed words fit into a table and are complete formulas.
fn wrong_words(entry: &Entry) -> Vec<String> {
    let id = &entry.id;
    let mut complaints = Vec::new();
    if !CHAPTERS.contains(&entry.chapter.as_str()) {
        complaints.push(format!("{id}: there is no chapter {}", entry.chapter));
    }
    if entry.is_erratum() != id.contains('E') {
        complaints.push(format!("{id}: errata have a class, items a statement"));
    }
    for (name, text) in entry.words() {
        let balanced = text.matches('$').count() % 2 == 0
            && text.matches('{').count() == text.matches('}').count()
            && text.matches("\\left(").count() == text.matches("\\right)").count();
        if text.trim().is_empty() || !balanced {
            complaints.push(format!("{id}: the {name} is no complete text: {text}"));
        }
        if text.contains(['|', '\n']) {
            complaints.push(format!("{id}: the {name} breaks a table with | or a line end (\\lVert, \\mid)"));
        }
    }
    complaints
}

/// An item with a displayed formula is a derivation; it says which id it is or, if it is in no lecture, the book or
/// paper (with its year).
fn nameless(item: &Item) -> Option<String> {
    let year = |text: &str| {
        text.split(|c: char| !c.is_ascii_digit())
            .any(|word| word.len() == 4 && ("1700".."2100").contains(&word))
    };
    let named = !ids_in(item.source()).is_empty() || year(item.source());
    (item.documentation.contains("```math") && !named)
        .then(|| format!("{} has a formula, and its `Source:` names neither an id nor a book", item.path()))
}
