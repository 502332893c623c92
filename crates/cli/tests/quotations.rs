//! Words between quotation marks in a notebook are a lecture's: `catalogue.json` has them, as printed.
//!
//! That what it has between such marks is verbatim was checked against the lectures, which are not ours to copy here.

use executable_em_cli::catalogue;
use serde_json::Value;

/// Quotation marks around words that are nobody's, with why they stand there.
const OWN: [(&str, &str); 4] = [
    ("mean and covariance, please", "what a reader might ask of the model"),
    ("Stop when ℓ rises by less than $\\varepsilon$", "a rule, not a lecture's sentence"),
    ("the slope is $10^{-9}$", "a statement about a run"),
    ("the conjugate priors", "a name, spelled out in the next sentence"),
];

/// The words without emphasis, signs of mathematics, line ends, and the punctuation around them.
fn plain(words: &str) -> String {
    let words = words.replace(['*', '$'], "").to_lowercase();
    words
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .trim_matches(['.', ',', ';', ':', '!', ' '])
        .to_owned()
}

/// What stands between quotation marks, straight or curly; code spans are no prose.
fn quoted(prose: &str) -> Vec<String> {
    let prose: String = prose.split('`').step_by(2).collect();
    let marked = prose.replace(['“', '”'], "\"");
    marked.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether some entry has the words; where a quotation leaves some out, it has every part.
fn held(quotation: &str, entries: &[String]) -> bool {
    let parts: Vec<String> = quotation.split('…').map(plain).collect();
    entries.iter().any(|words| parts.iter().all(|part| words.contains(part)))
}

/// The words of every entry that are the lecture's.
fn printed() -> Vec<String> {
    let words = |entry: &catalogue::Entry| -> Vec<String> {
        entry
            .words()
            .iter()
            .filter(|(name, _)| ["statement", "printed"].contains(name))
            .map(|(_, text)| plain(text))
            .collect()
    };
    catalogue::entries().expect("entries").iter().flat_map(words).collect()
}

#[test]
fn what_a_notebook_quotes_is_printed() {
    let (printed, mut count) = (printed(), 0);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../notebooks");
    for path in std::fs::read_dir(folder).expect("notebooks").map(|entry| entry.expect("an entry").path()) {
        if path.extension().is_none_or(|extension| extension != "ipynb") {
            continue;
        }
        let notebook: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).expect("a notebook")).expect("JSON");
        for cell in notebook["cells"].as_array().expect("cells") {
            if cell["cell_type"] != "markdown" {
                continue;
            }
            let lines = cell["source"].as_array().expect("lines");
            let prose: String = lines.iter().filter_map(Value::as_str).collect();
            let id = &cell["id"];
            assert!(
                prose.split('`').step_by(2).collect::<String>().matches('"').count() % 2 == 0,
                "{}: {id}",
                path.display()
            );
            for quotation in quoted(&prose) {
                count += 1;
                let own = OWN.iter().any(|(words, _)| *words == quotation);
                assert!(
                    own || held(&quotation, &printed),
                    "{}: {id}: no lecture prints {quotation:?}",
                    path.display()
                );
            }
        }
    }
    assert!(count >= 100, "only {count} quotations");
}

/// Words that were once put into lecturers' mouths are refused, and what they did say is not.
#[test]
fn what_nobody_printed_is_refused() {
    let printed = printed();
    for words in [
        "Then do not use EM",
        "The gradient is zero, hence a solution",
        "a component on one point",
        "of no use",
    ] {
        assert!(!held(words, &printed), "{words}");
    }
    for words in ["then probably don't use EM", "guarantees convergence … minimum of $J$"] {
        assert!(held(words, &printed), "{words}");
    }
    assert_eq!(quoted("say \"one\", “two” and `\"code\"`"), ["one", "two"]);
}
