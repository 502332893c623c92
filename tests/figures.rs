//! The committed figures are those that the library draws, byte for byte, whatever the number of threads.

#![cfg(feature = "cli")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use executable_em::{
    Result,
    export::{self, Format},
    figures::{self, Kind, Published},
    plot::Figure,
};

/// GitHub and slow lines should show a figure at once.
const MAX_BYTES: usize = 500_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("figures")
}

fn format(published: &Published) -> Format {
    match published.kind {
        Kind::Still => Format::Svg,
        Kind::Animation => Format::Gif,
    }
}

fn file(published: &Published) -> String {
    format!("{}.{}", published.name, format(published))
}

fn committed(published: &Published) -> Vec<u8> {
    fs::read(folder().join(file(published))).unwrap_or_default()
}

fn draw_all(threads: usize) -> Result<Vec<(Figure, Vec<u8>)>> {
    let drawn = export::in_parallel(figures::ALL, threads, |published| {
        let figure = published.draw()?;
        let bytes = export::encode(&figure, format(published))?;
        Ok((figure, bytes))
    });
    drawn.into_iter().collect()
}

#[test]
fn committed_figures_are_what_the_library_draws() -> Result<()> {
    let drawn = draw_all(2)?;
    assert_eq!(drawn.len(), figures::ALL.len());
    for (published, (figure, bytes)) in figures::ALL.iter().zip(&drawn) {
        let name = published.name;
        assert!(
            committed(published) == *bytes,
            "figures/{} is stale: run `cargo run --release`",
            file(published)
        );
        assert!(bytes.len() <= MAX_BYTES, "{name} has {} bytes", bytes.len());
        assert_eq!(figure.title, published.title);
        assert_eq!(figure.moves(), published.kind == Kind::Animation, "{name}");
        for (what, words) in [("caption", &figure.caption), ("alternative text", &figure.alt)] {
            assert!(words.len() > 40 && words.ends_with('.'), "{name}: {what} is {words:?}");
        }
        let svg = figure.svg();
        assert!(svg.contains(&format!("<title>{}</title>", figure.title)), "{name}: no title");
        assert!(svg.contains("<desc>") && svg.contains("role=\"img\""), "{name}: not accessible");
        // It is well-formed, and a renderer finds its letters: a PDF comes of it.
        assert!(export::encode(figure, Format::Pdf)?.starts_with(b"%PDF"), "{name}");
    }
    Ok(())
}

#[test]
fn one_thread_draws_the_same_bytes_as_two() -> Result<()> {
    for (published, (_, bytes)) in figures::ALL.iter().zip(draw_all(1)?) {
        assert!(committed(published) == bytes, "{} depends on the threads", published.name);
    }
    Ok(())
}

#[test]
fn the_folder_holds_the_figures_of_the_table_and_no_other() {
    let expected: BTreeSet<String> = figures::ALL.iter().map(file).collect();
    assert_eq!(expected.len(), figures::ALL.len(), "two figures share a name");
    let mut found = BTreeSet::new();
    for chapter in fs::read_dir(folder()).expect("the folder of figures").flatten() {
        for figure in fs::read_dir(chapter.path()).expect("a chapter's folder").flatten() {
            let chapter = chapter.file_name().into_string().expect("a name in UTF-8");
            let figure = figure.file_name().into_string().expect("a name in UTF-8");
            // What is made on demand is not committed.
            if !(figure.ends_with(".pdf") || figure.ends_with(".png")) {
                found.insert(format!("{chapter}/{figure}"));
            }
        }
    }
    assert_eq!(found, expected);
}
