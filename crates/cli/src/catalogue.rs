//! The map of the five lectures: what each of their items and errata says, and where this crate derives, tests, shows
//! and draws it.
//!
//! What an id means is typed by hand in `catalogue.json`; where it lives is read off the sources by `tests/catalogue`,
//! which fails when the two differ.

use std::fmt::Write as _;

use executable_em_engine::json;
use executable_em_engine::table::Result;
use serde::{Deserialize, Serialize};

/// One id of the lectures: what it says and where it lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Entry {
    /// Lecture and number, as in `H-28` for an item and `H-E01` for an erratum.
    pub id: String,
    /// What the lecture says, and what is right where that differs.
    pub meaning: Meaning,
    /// The chapter to which it belongs.
    pub chapter: String,
    /// The functions and types that carry it, as in `gaussian_mixture::score::in_means`.
    pub functions: Vec<String>,
    /// The tests that check it, as in `gaussian_mixture::the_updates_are_weighted_averages`.
    pub tests: Vec<String>,
    /// The notebook sections that show it, as in `02_gaussian_mixture#The algorithm`.
    pub sections: Vec<String>,
    /// The published figures that draw it, as in `kmeans/steps`.
    pub figures: Vec<String>,
    /// Why it has no function or no test, where it has none.
    pub reason: Option<String>,
}

/// The words of an id, with mathematics in LaTeX between dollar signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A definition, identity, claim, algorithm or figure of a lecture.
    Item {
        /// What it says, in this crate's notation.
        statement: String,
    },
    /// A slip of a lecture.
    Erratum {
        /// E: a mathematical error; Q: true with a qualification; N: notation; O: perhaps the scan; R: suspected, but
        /// right; or a word.
        class: String,
        /// The printed form.
        printed: String,
        /// The form that holds.
        right: String,
    },
}

impl Entry {
    /// Whether `name` is this entry's id, its lecture's letter or its chapter, or `errata` and this is one.
    ///
    /// ```
    /// let entries = executable_em_cli::catalogue::entries()?;
    /// let erratum = entries.iter().find(|entry| entry.id == "H-E06").expect("an entry");
    /// assert!(["H-E06", "H", "soft_kmeans", "errata"].iter().all(|name| erratum.answers_to(name)));
    /// # Ok::<(), executable_em_engine::table::Error>(())
    /// ```
    pub fn answers_to(&self, name: &str) -> bool {
        let of_lecture = self.id.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
        name == self.id || of_lecture || name == self.chapter || (name == "errata" && self.is_erratum())
    }

    /// Whether it is a slip of a lecture and not one of its items.
    pub fn is_erratum(&self) -> bool {
        matches!(self.meaning, Meaning::Erratum { .. })
    }

    /// Where it lives: each kind of place by its name, with the places.
    pub fn places(&self) -> [(&'static str, &[String]); 4] {
        [
            ("function", &self.functions),
            ("test", &self.tests),
            ("section", &self.sections),
            ("figure", &self.figures),
        ]
    }

    /// Its words: each part by its name, as in `("statement", …)` or `("printed", …)`.
    pub fn words(&self) -> Vec<(&'static str, &str)> {
        match &self.meaning {
            Meaning::Item { statement } => vec![("statement", statement)],
            Meaning::Erratum { class, printed, right } => {
                vec![("class", class), ("printed", printed), ("right", right)]
            }
        }
    }
}

/// The chapters, in the order of the book.
pub const CHAPTERS: [&str; 12] = [
    "kmeans",
    "gaussian_mixture",
    "soft_kmeans",
    "latent",
    "bound",
    "em",
    "bernoulli_mixture",
    "pathologies",
    "selection",
    "incomplete",
    "convergence",
    "variational",
];

/// Every entry, lecture by lecture: the items first, then the errata.
///
/// ```
/// let entries = executable_em_cli::catalogue::entries()?;
/// let score = entries.iter().find(|entry| entry.id == "H-28").expect("an entry");
/// assert!(score.functions.contains(&"gaussian_mixture::score::in_means".to_string()));
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
///
/// # Errors
/// None for the file that the crate was built with and that its tests have read.
pub fn entries() -> Result<Vec<Entry>> {
    parse(include_str!("../../../catalogue.json"))
}

/// Reads entries as [`to_json`] writes them.
///
/// # Errors
/// [`table::Error::Json`](executable_em_engine::table::Error::Json), with the place and what it lacks.
pub fn parse(json: &str) -> Result<Vec<Entry>> {
    json::read(json)
}

/// The entries as JSON, a field a line.
pub fn to_json(entries: &[Entry]) -> String {
    json::write(&entries).expect("texts")
}

/// An entry as the file has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    printed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<String>,
    chapter: String,
    functions: Vec<String>,
    tests: Vec<String>,
    sections: Vec<String>,
    figures: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<Entry> for Fields {
    fn from(Entry { id, meaning, chapter, functions, tests, sections, figures, reason }: Entry) -> Self {
        let (statement, class, printed, right) = match meaning {
            Meaning::Item { statement } => (Some(statement), None, None, None),
            Meaning::Erratum { class, printed, right } => (None, Some(class), Some(printed), Some(right)),
        };
        Fields { id, statement, class, printed, right, chapter, functions, tests, sections, figures, reason }
    }
}

impl TryFrom<Fields> for Entry {
    type Error = String;

    fn try_from(fields: Fields) -> std::result::Result<Self, String> {
        let Fields { id, chapter, functions, tests, sections, figures, reason, .. } = fields;
        let meaning = match (fields.statement, fields.class, fields.printed, fields.right) {
            (Some(statement), None, None, None) => Meaning::Item { statement },
            (None, Some(class), Some(printed), Some(right)) => Meaning::Erratum { class, printed, right },
            _ => return Err(format!("{id} has neither just a statement nor just class, printed and right")),
        };
        Ok(Entry { id, meaning, chapter, functions, tests, sections, figures, reason })
    }
}

/// The entries for a terminal in their order, with a line where the chapter changes and a place a line.
pub fn to_text(entries: &[Entry]) -> String {
    let mut text = String::new();
    for (chapter, entries) in by_chapter(entries) {
        let _ = writeln!(text, "{chapter}");
        for entry in entries {
            let mut lines = Vec::new();
            for (name, words) in entry.words() {
                let name = if name == "statement" { "" } else { name };
                lines.extend(wrapped(words, 84).into_iter().map(|line| (name, line)));
            }
            for (name, places) in entry.places() {
                lines.extend(places.iter().map(|place| (name, place.clone())));
            }
            lines.extend(entry.reason.iter().map(|reason| ("reason", reason.clone())));
            let (mut id, mut last) = (entry.id.as_str(), "");
            for (name, line) in lines {
                let label = if name == last { "" } else { name };
                let _ = if name.is_empty() {
                    writeln!(text, "  {id:6} {line}")
                } else {
                    writeln!(text, "  {id:6} {label:8}  {line}")
                };
                (id, last) = ("", name);
            }
        }
        text.push('\n');
    }
    text
}

/// The entries as Markdown in their order, a new table where the chapter changes.
pub fn to_markdown(entries: &[Entry]) -> String {
    let mut text = String::new();
    for (chapter, entries) in by_chapter(entries) {
        let _ = write!(
            text,
            "## {chapter}\n\n| id | what it says | function | test | notebook | figure |\n|---|---|---|---|---|---|\n"
        );
        for entry in entries {
            let words: Vec<String> = match &entry.meaning {
                Meaning::Item { statement } => vec![statement.clone()],
                Meaning::Erratum { printed, right, .. } => {
                    vec![format!("printed: {printed}"), format!("right: {right}")]
                }
            };
            let mut cells = vec![entry.id.clone(), words.join("<br>")];
            for (name, places) in entry.places() {
                let mark = if name == "section" { "" } else { "`" };
                let places: Vec<String> =
                    places.iter().map(|place| format!("{mark}{}{mark}", place.replace('|', "\\|"))).collect();
                cells.push(places.join("<br>"));
            }
            if let Some(reason) = &entry.reason {
                cells[2] = format!("{}<br>*{reason}*", cells[2]).trim_start_matches("<br>").to_owned();
            }
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text.push('\n');
    }
    text
}

/// The entries as they are, cut where the chapter changes.
fn by_chapter(entries: &[Entry]) -> impl Iterator<Item = (&str, &[Entry])> {
    entries.chunk_by(|one, next| one.chapter == next.chapter).map(|own| (own[0].chapter.as_str(), own))
}

/// Lines of at most `width` characters, broken at spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.push(line);
    lines
}
