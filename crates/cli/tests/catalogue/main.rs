//! The map `catalogue.json` names every item of the lectures, and every function, test, notebook section and figure
//! that it names carries the item's id.
//!
//! Words are typed by hand in `catalogue.json`; links are read off the sources:
//! `UPDATE=1 cargo test --test catalogue` writes them anew.

mod check;
mod ids;
mod items;
mod sources;
mod works;

use executable_em_cli::catalogue::{self, Entry, Meaning};
use sources::{Places, Sources, text};
use std::path::Path;
use std::sync::OnceLock;

/// The sources, the map, and what is wrong with it.
struct Book {
    sources: Sources,
    entries: Vec<Entry>,
    complaints: Vec<String>,
}

/// The book as it is in the files; the map is first brought up to date if that is asked for.
fn book() -> &'static Book {
    static BOOK: OnceLock<Book> = OnceLock::new();
    BOOK.get_or_init(|| {
        let sources = sources::read();
        let mut entries = catalogue::parse(&text("catalogue.json")).expect("a readable map");
        if std::env::var_os("UPDATE").is_some() {
            entries = check::linked(&entries, &sources);
            let path = format!("{}catalogue.json", sources::ROOT);
            std::fs::write(path, catalogue::to_json(&entries)).expect("a writable map");
        }
        let complaints = check::complaints(&entries, &sources);
        Book { sources, entries, complaints }
    })
}

#[test]
fn the_map_is_complete_and_true() {
    let complaints = &book().complaints;
    let advice = "where a link has changed, `UPDATE=1 cargo test --test catalogue` writes it";
    assert!(complaints.is_empty(), "{} complaints ({advice}):\n{}", complaints.len(), complaints.join("\n"));
}

/// The file is written as the update writes it, so that a change of one link is a change of one line.
#[test]
fn the_map_is_written_in_one_way() {
    let entries = &book().entries;
    assert_eq!(catalogue::to_json(entries), text("catalogue.json"));
    assert_eq!(&catalogue::parse(&catalogue::to_json(entries)).expect("a readable map"), entries);
}

/// What a hand may break in the file is named.
#[test]
fn a_broken_map_is_named() {
    let json = catalogue::to_json(&book().entries[..1]);
    for (from, to, expected) in [
        ("\"id\"", "\"it\"", "[0].it: unknown field `it`, expected one of `id`, "),
        ("\"id\": \"H-01\",", "", "[0]: missing field `id` at line "),
        (
            "\"statement\"",
            "\"printed\"",
            "[0]: H-01 has neither just a statement nor just class, printed and right",
        ),
        ("\"chapter\"", "\"class\": \"E\", \"chapter\"", "[0]: H-01 has neither just a statement nor "),
        ("\"tests\"", "\"test\"", "[0].test: unknown field `test`"),
        (
            "\"figures\": [",
            "\"figures\": [1",
            "[0].figures[0]: invalid type: integer `1`, expected a string at line ",
        ),
        (
            "\"figures\"",
            "\"reason\": 1, \"figures\"",
            "[0].reason: invalid type: integer `1`, expected a string at line ",
        ),
        ("[\n  {", "{\"H-01\": {", "document: invalid type: map, expected a sequence at line 1 "),
        ("[\n", "3 //", "document: invalid type: integer `3`, expected a sequence at line 1 "),
    ] {
        let error = catalogue::parse(&json.replacen(from, to, 1)).expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

/// No text of the project, wherever it stands, names an id that the lectures do not have.
#[test]
fn no_id_is_invented_anywhere() {
    let all = ids::all();
    for (folder, extension) in
        [("src", "rs"), ("crates", "rs"), ("tests", "rs"), ("notebooks", "ipynb"), ("notebooks", "md")]
    {
        for path in sources::files(Path::new(folder), extension) {
            // These two ask for ids that there are not.
            if path.starts_with("crates/cli/tests/catalogue") || path.ends_with("command_line.rs") {
                continue;
            }
            for id in ids::ids_in(&text(&path)) {
                assert!(all.contains(&id), "{} names {id}", path.display());
            }
        }
    }
}

/// A wrong map is refused: each of these changes adds the complaint that names it.
#[test]
fn a_wrong_map_is_refused() {
    let entry = |entries: &mut Vec<Entry>, id: &str| -> usize {
        entries.iter().position(|entry| entry.id == id).expect("an entry")
    };
    type Change = fn(&mut Entry);
    let wrong: [(&str, Change); 9] = [
        ("H-99 is no id of the lectures", |e| e.id = "H-99".to_owned()),
        ("H-28 is missing", |e| e.id = "H-99".to_owned()),
        ("there is no function kmeans::nothing", |e| e.functions.push("kmeans::nothing".to_owned())),
        ("the function kmeans::risk does not carry it", |e| e.functions.push("kmeans::risk".to_owned())),
        ("the test gaussian_mixture::bad_input::bad_input_is_named does not carry it", |e| {
            e.tests.push("gaussian_mixture::bad_input::bad_input_is_named".to_owned());
        }),
        ("there is no section 02_gaussian_mixture#Gone", |e| {
            e.sections.push("02_gaussian_mixture#Gone".to_owned());
        }),
        ("there is no figure kmeans/nothing", |e| e.figures.push("kmeans/nothing".to_owned())),
        ("there is no chapter physics", |e| e.chapter = "physics".to_owned()),
        ("errata have a class, items a statement", |e| {
            let [class, printed, right] = ["E", "0", "1"].map(str::to_owned);
            e.meaning = Meaning::Erratum { class, printed, right };
        }),
    ];
    for (expected, change) in wrong {
        refused(expected, |entries, _| {
            let index = entry(entries, "H-28");
            change(&mut entries[index]);
        });
    }
    for (words, expected) in [
        ("$\\mu", "is no complete text"),
        ("$\\mu_{j$", "is no complete text"),
        ("$\\left(\\mu)$", "is no complete text"),
        (" ", "is no complete text"),
        ("$p(x|z)$", "breaks a table"),
        ("$x$\nand $z$", "breaks a table"),
    ] {
        refused(&format!("H-28: the statement {expected}"), |entries, _| {
            let index = entry(entries, "H-28");
            entries[index].meaning = Meaning::Item { statement: words.to_owned() };
        });
    }
    refused("H-28 is missing", |entries, _| entries.retain(|entry| entry.id != "H-28"));
    refused("not in the order", |entries, _| entries.swap(0, 1));
    refused(
        "H-28: the function gaussian_mixture::score::in_means carries it and is not named",
        |entries, _| {
            let index = entry(entries, "H-28");
            entries[index].functions.clear();
        },
    );
}

/// A map that was right is refused when the sources have changed.
#[test]
fn a_changed_source_is_noticed() {
    let rename = |places: &mut Places, name: &str| {
        let ids = places.remove(name).unwrap_or_else(|| panic!("no {name}"));
        places.insert(format!("{name} more"), ids);
    };
    refused("H-28: there is no section 02_gaussian_mixture#Derivative in the means", |_, sources| {
        rename(&mut sources.sections, "02_gaussian_mixture#Derivative in the means");
    });
    refused("there is no figure kmeans/steps", |_, sources| rename(&mut sources.figures, "kmeans/steps"));
    refused("H-28: the function gaussian_mixture::score::in_means does not carry it", |_, sources| {
        sources.functions.get_mut("gaussian_mixture::score::in_means").expect("the score").clear();
    });
    refused("function kmeans::risk carries H-E27, which is no id of the lectures", |_, sources| {
        sources.functions.get_mut("kmeans::risk").expect("the risk").push("H-E27".to_owned());
    });
    for (kind, id) in [("function", "H-30"), ("test", "H-30"), ("section", "H-30"), ("section", "H-E01")] {
        refused(&format!("{id} has no {kind} and gives no reason"), |entries, sources| {
            let places =
                [&mut sources.functions, &mut sources.figures, &mut sources.tests, &mut sources.sections];
            for places in places {
                places.values_mut().for_each(|ids| ids.retain(|own| own != id));
            }
            *entries = check::linked(entries, sources);
        });
    }
    refused("H-28 has everything, so its reason can go", |entries, _| {
        entries.iter_mut().for_each(|entry| entry.reason = Some("none".to_owned()));
    });
    // The update takes it away, and leaves those that are needed.
    let mut entries = book().entries.clone();
    entries.iter_mut().for_each(|entry| entry.reason = Some("none".to_owned()));
    let reasons = check::linked(&entries, &book().sources).into_iter().map(|entry| (entry.id, entry.reason));
    let reasons: std::collections::BTreeMap<String, Option<String>> = reasons.collect();
    assert_eq!((&reasons["H-28"], reasons["T-58"].as_deref()), (&None, Some("none")));
}

/// A formula without an id is noticed, and one with an id or a book is not.
#[test]
fn a_derivation_without_a_source_is_noticed() {
    let code = |source: &str| {
        format!("/// A sum.\n///\n/// ```math\n/// 1 + 1\n/// ```\n///\n/// {source}\npub fn sum() {{}}\n")
    };
    let with = |code: String| {
        move |_: &mut Vec<Entry>, sources: &mut Sources| sources.items.extend(items::items(&code, "kmeans"))
    };
    refused("kmeans::sum has a formula", with(code("It is two.")));
    refused("kmeans::sum has a formula", with(code("Source: everybody knows.")));
    for source in ["Source: H-04.", "Source: Euler (1748), §1."] {
        assert!(
            !complaints_after(with(code(source))).iter().any(|line| line.contains("kmeans::sum")),
            "{source}"
        );
    }
}

/// What is said of the map after a change and was not said before.
fn complaints_after(change: impl FnOnce(&mut Vec<Entry>, &mut Sources)) -> Vec<String> {
    let before = book();
    let (mut entries, mut sources) = (before.entries.clone(), before.sources.clone());
    change(&mut entries, &mut sources);
    let after = check::complaints(&entries, &sources);
    after.into_iter().filter(|line| !before.complaints.contains(line)).collect()
}

fn refused(expected: &str, change: impl FnOnce(&mut Vec<Entry>, &mut Sources)) {
    let new = complaints_after(change);
    assert!(new.iter().any(|line| line.contains(expected)), "{expected:?} is not among {new:#?}");
}
