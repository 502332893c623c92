//! The committed figures are those that the library draws, byte for byte, whatever the number of threads; whatever the
//! numbers, it draws or says why not.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use executable_em::Error;
use executable_em_figures::export::{self, Format};
use executable_em_figures::plot::{self, Anchor, Figure, Grid, INK, Marker, Page, Panel, WHITE};
use executable_em_figures::{self as figures, Kind, Published, Result};
use nalgebra::dmatrix;

/// GitHub and slow lines should show a figure at once.
const MAX_BYTES: usize = 500_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../figures")
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

/// Draws something of which two numbers are extreme.
type Draw = fn(&mut Panel, f64, f64) -> &mut Panel;

#[test]
fn whatever_the_numbers_there_is_a_drawing_or_an_error() {
    let extremes = [
        0.0,
        5e-324,
        1e-300,
        0.5,
        1.0,
        -1e300,
        f64::MAX,
        f64::MIN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let draws: [Draw; 14] = [
        |panel, a, b| panel.dots(&[[0.5, 0.5]], &[INK], a, b),
        |panel, a, b| panel.dots(&[[a, b], [0.5, 0.5]], &[INK], 1.0, 1.0),
        |panel, a, b| panel.line(&[[0.5, 0.5], [a, 0.5], [0.5, b]], INK, a),
        |panel, a, b| panel.area(&[[0.5, 0.5], [a, 0.5], [0.5, b]], INK, a),
        |panel, a, b| panel.mark([0.5, 0.5], Marker::Cross, a, INK).mark([a, b], Marker::Square, b, INK),
        |panel, a, b| panel.text([0.5, 0.5], [a, b], "_<", Anchor::End, INK),
        |panel, a, b| panel.x_ticks(&[a, b]).y_ticks(&[b, a]),
        |panel, a, b| panel.x_named_ticks(&[(a, "a")]).y_named_ticks(&[(b, "b")]).trace(&[a, b], "t", INK),
        |panel, a, b| panel.ellipse([0.5, 0.5], &dmatrix![a, 0.0; 0.0, 1.0], b, INK, 1.0),
        |panel, a, b| panel.disc([a, b], &dmatrix![1.0, 0.0; 0.0, 1.0], 1.0, INK, b),
        |panel, a, b| panel.nearest_regions(&dmatrix![a, 0.5; 0.5, b; 0.2, 0.3]),
        |panel, a, b| panel.bands(&Grid::new([0.0, 1.0], [0.0, 1.0], 2), &[a, b, 0.0, 1.0], &[a, b], INK),
        |panel, a, b| {
            panel.contours(&Grid::new([0.0, a], [b, 1.0], 0), &[0.0, 1.0, 1.0, 0.0], &[0.5], INK, 1.0)
        },
        |panel, a, b| {
            panel.equal_aspect().room_right(a).scatter(&dmatrix![b, 0.5], &[plot::mix(&[(b, WHITE)])])
        },
    ];
    let (mut drawn, mut refused) = (0, 0);
    let mut check = |page: Page| match Figure::still(&page) {
        Ok(figure) => {
            drawn += 1;
            assert!(!["=\"NaN", "=\"-inf", "=\"inf", "=\"\""].iter().any(|bad| figure.svg().contains(bad)));
        }
        Err(_) => refused += 1,
    };
    let unit = Panel::new([0.0, 1.0], [0.0, 1.0]);
    for a in extremes {
        for b in extremes {
            for draw in draws {
                let mut panel = unit.clone();
                draw(&mut panel, a, b);
                check(Page::new(1).panel(panel));
            }
            let mut wide = Panel::new([a, b], [0.0, 1.0]);
            check(Page::new(1).panel(wide.equal_aspect().clone()));
            check(Page::new(1).panel(Panel::around(&dmatrix![a, b; b, a])));
            for columns in [1, 40, usize::MAX] {
                check(Page::new(columns).width(a).panel_height(b).panel(unit.clone()));
            }
        }
    }
    assert!(drawn > 500 && refused > 500, "{drawn} drawn, {refused} refused");
    assert_eq!(Grid::new([0.0, 1.0], [0.0, 1.0], usize::MAX).len(), 2000 * 2000);
    // Columns of 100 pixels and the gaps of 22 between them; eleven panels of the greatest height.
    let wide = Page::new(usize::MAX).width(122.0 * usize::MAX as f64).panel(unit.clone());
    let high = (0..11).fold(Page::new(1).panel_height(1e4), |page, _| page.panel(unit.clone()));
    for (page, expected) in [(wide, "width of a page"), (high, "height of a page")] {
        assert!(matches!(Figure::still(&page), Err(Error::Domain { what, .. }) if what == expected));
    }
}

#[test]
fn a_gif_has_one_size() -> Result<()> {
    let page = |height| (Page::new(1).panel_height(height).panel(Panel::new([0.0, 1.0], [0.0, 1.0])), 1.0);
    let error = export::encode(&Figure::animation(&[page(50.0), page(60.0)])?, Format::Gif).unwrap_err();
    assert_eq!(error.to_string(), "a gif needs frames of one size");
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_new_file_is_as_open_as_any_and_an_old_one_stays_as_it_was() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a folder");
    let [ours, any] = ["ours", "any"].map(|name| folder.path().join(name));
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode();
    fs::File::create(&any).expect("a file");
    assert!(export::write(&ours, b"1")?);
    assert_eq!(mode(&ours), mode(&any));
    fs::set_permissions(&ours, PermissionsExt::from_mode(0o602)).expect("our file");
    assert!(export::write(&ours, b"2")? && !export::write(&ours, b"2")?);
    assert_eq!((mode(&ours) & 0o777, fs::read(&ours).expect("our file")), (0o602, b"2".to_vec()));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    Ok(())
}
