//! The committed notebooks are executed, clean, and show the very figures that `figures/` holds.
//!
//! That the outputs are those of a fresh run is for `make check`, which has a kernel.

use serde_json::Value;
use std::path::PathBuf;

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");

/// The notebook of solutions, which has no story of its own.
const SOLUTIONS: &str = "B_solutions.ipynb";

/// Every notebook with its path, in order.
fn notebooks() -> Vec<(PathBuf, Value)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(format!("{ROOT}notebooks"))
        .expect("the folder of notebooks")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ipynb"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no notebooks");
    let read = |path: &PathBuf| std::fs::read_to_string(path).expect("a readable notebook");
    paths.into_iter().map(|path| (path.clone(), serde_json::from_str(&read(&path)).expect("JSON"))).collect()
}

/// A notebook keeps text as a string or as a list of lines.
fn text(value: &Value) -> String {
    match value {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().unwrap_or_default().to_string(),
    }
}

fn cells<'a>(notebook: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let cells = notebook["cells"].as_array().expect("cells");
    cells.iter().filter(move |cell| cell["cell_type"] == kind)
}

#[test]
fn every_code_cell_is_executed_in_order() {
    for (path, notebook) in notebooks() {
        for (index, cell) in cells(&notebook, "code").enumerate() {
            let count = cell["execution_count"].as_u64();
            assert_eq!(count, Some(index as u64 + 1), "{}: {}", path.display(), text(&cell["source"]));
        }
    }
}

#[test]
fn no_output_is_an_error_or_names_this_machine() {
    for (path, notebook) in notebooks() {
        for cell in cells(&notebook, "code") {
            for output in cell["outputs"].as_array().expect("outputs") {
                let place = format!("{}: {}", path.display(), text(&cell["source"]));
                assert_ne!(output["output_type"], "error", "{place}");
                assert_ne!(output["name"], "stderr", "{place}");
                let all = output.to_string();
                // The kernel falls back to `Debug` where a cell's last expression moves a variable.
                let plain = text(&output["data"]["text/plain"]);
                assert!(
                    !["Shown {", "Figure {", "()"].iter().any(|sign| plain.starts_with(sign)),
                    "{place}: {plain:.40}"
                );
                for sign in ["panicked at", "0x7f", "/home/", "/root/", "/tmp/", "/Users/"] {
                    assert!(!all.contains(sign), "{place}: an output holds {sign}");
                }
            }
        }
    }
}

/// A cell `figures::draw("chapter/name")?` shows exactly the committed `figures/chapter/name.svg`.
#[test]
fn published_figures_are_the_committed_ones() {
    for (path, notebook) in notebooks() {
        let mut shown = 0;
        for cell in cells(&notebook, "code") {
            let source = text(&cell["source"]);
            let Some(rest) = source.split("figures::draw(\"").nth(1) else { continue };
            let name = rest.split('"').next().expect("a closing quote");
            let output = &cell["outputs"].as_array().expect("outputs").last().expect("an output")["data"];
            let committed = std::fs::read_to_string(format!("{ROOT}figures/{name}.svg")).expect(name);
            assert_eq!(text(&output["image/svg+xml"]).trim(), committed.trim(), "{}: {name}", path.display());
            shown += 1;
        }
        assert!(shown > 0 || path.ends_with(SOLUTIONS), "{} shows no published figure", path.display());
    }
}

/// A cell `notebook::source("chapter::function")?` shows that function as it now is.
#[test]
fn sources_on_the_page_are_those_of_the_library() {
    let mut shown = 0;
    for (path, notebook) in notebooks() {
        for cell in cells(&notebook, "code") {
            let source = text(&cell["source"]);
            let Some(name) =
                source.strip_prefix("notebook::source(\"").and_then(|rest| rest.split('"').next())
            else {
                continue;
            };
            let output = text(
                &cell["outputs"].as_array().expect("outputs").last().expect("an output")["data"]["text/markdown"],
            );
            let code =
                output.split("```").nth(1).and_then(|fence| fence.strip_prefix("rust\n")).expect("a fence");
            let now = executable_em_figures::notebook::source(name).expect(name);
            assert_eq!(code.trim_end(), now.text(), "{}: {name}", path.display());
            shown += 1;
        }
    }
    assert!(shown >= 39, "only {shown} functions are shown");
}

/// Images that the text refers to exist.
#[test]
fn images_in_the_text_exist() {
    for (path, notebook) in notebooks() {
        for cell in cells(&notebook, "markdown") {
            for rest in text(&cell["source"]).split("](").skip(1) {
                let target = rest.split(')').next().expect("a closing parenthesis");
                if target.starts_with("../") {
                    assert!(path.with_file_name(target).exists(), "{}: {target}", path.display());
                }
            }
        }
    }
}

/// Each chapter derives something and checks it: a notebook without assertions is only a picture book.
#[test]
fn every_notebook_asserts_what_it_shows() {
    for (path, notebook) in notebooks() {
        let assertions: usize =
            cells(&notebook, "code").map(|cell| text(&cell["source"]).matches("assert").count()).sum();
        assert!(assertions >= 15 || path.ends_with(SOLUTIONS), "{}: {assertions} assertions", path.display());
    }
}

/// What the cells that call a checker ask and are told: its name, and the verdict.
fn verdicts(notebook: &Value) -> Vec<(String, String)> {
    let judged = cells(notebook, "code").filter_map(|cell| {
        let source = text(&cell["source"]);
        let name = source.split("\nexercise::").last()?.trim_start_matches("exercise::").split('(').next()?;
        let told = text(&cell["outputs"].as_array()?.last()?["data"]["text/plain"]);
        source.contains("exercise::").then(|| (name.to_string(), told)).filter(|(_, told)| !told.is_empty())
    });
    judged.collect()
}

/// A chapter's exercises start wrong, and say why; every one has a solution, which is right.
#[test]
fn every_exercise_starts_wrong_and_has_a_solution() {
    let (mut asked, mut solved) = (Vec::new(), Vec::new());
    for (path, notebook) in notebooks() {
        let found = verdicts(&notebook);
        if path.ends_with(SOLUTIONS) {
            assert!(found.iter().all(|(_, told)| told.starts_with("Right: ")), "{found:?}");
            solved = found.into_iter().map(|(name, _)| name).collect();
        } else if !path.ends_with("A_errata.ipynb") {
            assert!(found.len() >= 4, "{}: {} exercises", path.display(), found.len());
            assert!(found.iter().all(|(_, told)| told.starts_with("Not yet: ")), "{found:?}");
            asked.extend(found.into_iter().map(|(name, _)| name));
        }
    }
    assert!(asked.len() >= 40, "only {} exercises", asked.len());
    assert_eq!(asked, solved);
}
