//! The command line as a user meets it: what it prints, what it writes, and how it says no.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

use executable_em_cli::catalogue;
use executable_em_figures as figures;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_executable-em"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text in UTF-8")
}

/// Checks the exit status and that standard error holds each of the texts; a refusal prints nothing else.
fn refused(output: &Output, code: i32, texts: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(output.stdout.is_empty());
    for expected in texts {
        assert!(error.contains(expected), "{expected:?} is not in {error:?}");
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"))
        .collect();
    names.sort();
    names
}

#[test]
fn list_names_every_figure_with_its_formats_and_title() {
    let output = run(&["list"]);
    assert!(output.status.success());
    let list = text(&output.stdout);
    assert_eq!(list.lines().count(), figures::ALL.len());
    for (line, figure) in list.lines().zip(figures::ALL) {
        assert!(line.starts_with(figure.name) && line.ends_with(figure.title), "{line}");
    }
    assert!(list.contains("svg,pdf,png ") && list.contains("gif,svg,pdf,png "));
}

#[test]
fn the_catalogue_is_printed_as_the_file_has_it() {
    let output = run(&["catalogue", "--format", "json"]);
    assert!(output.status.success());
    assert_eq!(
        text(&output.stdout),
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogue.json")).expect("the map")
    );
}

#[test]
fn the_catalogue_names_every_id_with_its_places() {
    let entries = catalogue::entries().expect("the map");
    let printed = text(&run(&["catalogue"]).stdout);
    let mut lines = printed.lines();
    for chapter in catalogue::CHAPTERS {
        assert!(printed.lines().any(|line| line == chapter), "{chapter}");
    }
    assert_eq!(
        lines.by_ref().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).count(),
        entries.len()
    );
    for entry in &entries {
        for place in entry.places().into_iter().flat_map(|(_, places)| places) {
            assert!(printed.contains(place), "{}: {place}", entry.id);
        }
    }
}

#[test]
fn an_id_is_printed_with_its_words_and_places() {
    let output = run(&["catalogue", "H-28"]);
    assert!(output.status.success());
    let printed = text(&output.stdout);
    assert!(
        printed.starts_with("gaussian_mixture\n  H-28   The score in the means: $\\nabla_{\\mu_j}"),
        "{printed}"
    );
    for expected in [
        "\n         function  gaussian_mixture::score::in_means\n",
        "\n         test      gaussian_mixture::",
    ] {
        assert!(printed.contains(expected), "{expected:?} is not in {printed}");
    }
    assert!(
        printed.contains("\n         section   02_gaussian_mixture#Derivative in the means\n"),
        "{printed}"
    );

    // An erratum is both in its chapter and among the errata; what is asked for twice is printed once.
    let erratum = text(&run(&["catalogue", "H-E06"]).stdout);
    assert!(erratum.contains("  H-E06  class     E\n         printed   $r_{ij}"), "{erratum}");
    assert!(erratum.contains("\n         right     $r_{ij}"), "{erratum}");
    assert_eq!(text(&run(&["catalogue", "H-E06", "H-E06"]).stdout), erratum);
    let errata = text(&run(&["catalogue", "errata", "--format", "json"]).stdout);
    assert_eq!(catalogue::parse(&errata).expect("entries").len(), 116);
}

#[test]
fn a_chapter_is_printed_as_a_markdown_table() {
    let output = run(&["catalogue", "kmeans", "L-03", "--format", "md"]);
    assert!(output.status.success());
    let printed = text(&output.stdout);
    let rows: Vec<&str> = printed.lines().filter(|line| line.starts_with('|')).collect();
    assert!(rows.iter().all(|row| row.replace("\\|", "").matches('|').count() == 7), "{printed}");
    assert!(
        printed.starts_with("## kmeans\n\n| id | what it says |")
            && printed.contains("\n## gaussian_mixture\n")
    );
    assert!(
        printed.contains("\n| H-13 | The objective: $J(r, m)") && printed.contains("`kmeans::objective`")
    );
    assert!(printed.contains("| T-E12 | printed: $\\arg\\min_j\\{x_i - \\mu_j\\}$<br>right: "));
    assert_eq!(printed.matches("\n| L-").count(), 1);
}

#[test]
fn unknown_ids_are_refused_with_those_that_there_are() {
    refused(&run(&["catalogue", "H-66"]), 2, &["'H-66'", "H-65", "--help"]);
    refused(&run(&["catalogue", "h-e27"]), 2, &["'h-e27'", "H-E26 H-E28"]);
    refused(&run(&["catalogue", "H-28", "zebra"]), 2, &["'zebra'", "kmeans", "errata"]);
    refused(&run(&["catalogue", "--format", "xml"]), 2, &["xml", "text, md, json"]);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let mut list =
        command(&["list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    // The pipe is closed before anything, or after the first line, is read from it.
    drop(list.stdout.take().map(|pipe| BufReader::new(pipe).lines().next()));
    let output = list.wait_with_output().expect("the program ends");
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn help_shows_examples_and_exit_status() {
    for arguments in [&["--help"][..], &["figures", "--help"]] {
        let output = run(arguments);
        assert!(output.status.success());
        let help = text(&output.stdout);
        for expected in ["executable-em figures kmeans/steps --format pdf,png", "Exit status", "--help"] {
            assert!(help.contains(expected), "{expected:?} is not in {help}");
        }
    }
}

#[test]
fn formats_are_written_into_a_tree_of_chapters() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("new").join("slides");
    let arguments = ["figures", "kmeans/squares", "--format", "pdf,png,svg", "--out"];
    let output = command(&arguments).arg(&out).output().expect("the program starts");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), format!("3 files in {}, 3 changed\n", out.display()));
    assert!(text(&output.stderr).contains("[3/3]"), "a line a file when nobody watches");

    let chapter = out.join("kmeans");
    assert_eq!(names_in(&chapter), ["squares.pdf", "squares.png", "squares.svg"], "and nothing half-written");
    for (name, magic) in [("pdf", &b"%PDF-"[..]), ("png", b"\x89PNG\r\n\x1a\n"), ("svg", b"<svg ")] {
        let bytes = fs::read(chapter.join(format!("squares.{name}"))).expect("the file");
        assert!(bytes.starts_with(magic), "{name}");
    }

    // The numbering inside a PDF is not the same every time; the other formats are.
    let arguments = ["figures", "kmeans/squares", "--format", "png,svg", "--out"];
    let again = command(&arguments).arg(&out).output().expect("the program starts");
    assert_eq!(text(&again.stdout), format!("2 files in {}, 0 changed\n", out.display()));
}

#[test]
fn an_animation_is_a_gif_and_its_last_frame_a_still() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["figures", "kmeans/animation", "--format", "gif,svg", "--out"];
    let output = command(&arguments).arg(folder.path()).output().expect("the program starts");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let chapter = folder.path().join("kmeans");
    assert!(fs::read(chapter.join("animation.gif")).expect("the file").starts_with(b"GIF89a"));
    assert!(fs::read_to_string(chapter.join("animation.svg")).expect("the file").contains("at rest"));
}

#[test]
fn a_chapter_can_be_asked_for_its_animations() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["figures", "kmeans", "--format", "gif", "--threads", "1", "--out"];
    let output = command(&arguments).arg(folder.path()).output().expect("the program starts");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(names_in(&folder.path().join("kmeans")), ["animation.gif"]);
}

#[test]
fn unknown_figures_are_refused_with_those_that_there_are() {
    refused(&run(&["figures", "kmeans/stesp"]), 2, &["'kmeans/stesp'", "kmeans/steps", "--help"]);
    refused(&run(&["figures", "gaussian"]), 2, &["'gaussian'", "gaussian_mixture/density"]);
    refused(&run(&["figures", "kmeans", "zebra"]), 2, &["'zebra'", "kmeans/steps", "gaussian_mixture/steps"]);
    refused(&run(&["figures", ""]), 2, &["''", "kmeans/steps"]);
}

#[test]
fn impossible_formats_and_numbers_are_refused() {
    refused(&run(&["figures", "--format", "jpeg"]), 2, &["jpeg", "svg, pdf, png, gif"]);
    refused(&run(&["figures", "kmeans/steps", "--format", "gif"]), 2, &["kmeans/steps", "gif"]);
    refused(&run(&["figures", "--threads", "0"]), 2, &["--threads"]);
    refused(&run(&["figures", "--threads", "two"]), 2, &["two"]);
    refused(&run(&["draw"]), 2, &["draw"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_its_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    // A file where a folder should be stops every user, even one who may write anywhere.
    let file = folder.path().join("file");
    fs::write(&file, "kept").expect("a file");
    let output =
        command(&["figures", "kmeans/squares", "--out"]).arg(&file).output().expect("the program starts");
    refused(&output, 1, &["error: ", &file.display().to_string()]);
    assert_eq!(fs::read_to_string(&file).expect("the file"), "kept");

    // A folder stands where the figure should go: what was written beside it is taken away again.
    let chapter = folder.path().join("kmeans");
    fs::create_dir_all(chapter.join("squares.svg")).expect("a folder");
    let arguments = ["figures", "kmeans/squares", "--out"];
    let output = command(&arguments).arg(folder.path()).output().expect("the program starts");
    refused(&output, 1, &["squares.svg"]);
    assert_eq!(names_in(&chapter), ["squares.svg"]);
}
