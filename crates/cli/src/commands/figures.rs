//! `figures` and `list`: the published figures as files.

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use executable_em_figures::export::{self, Format};
use executable_em_figures::{self as figures, Error, Kind, Published};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, say, warn};

#[derive(Args)]
pub struct Selection {
    /// A figure (kmeans/steps) or a chapter (kmeans); all of them if none is named
    names: Vec<String>,
    /// Formats, separated by commas; of an animation, svg, pdf and png show the last frame
    /// [default: svg for stills, gif for animations]
    #[arg(long, value_delimiter = ',', value_name = "FORMATS", value_parser = formats())]
    format: Vec<Format>,
    /// Folder to write into; made if it does not exist
    #[arg(long, value_name = "DIR", default_value = "figures")]
    out: PathBuf,
    /// Threads to work on; the files are the same for any number [default: all the machine has]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// Formats by their names, which an unknown one is told.
fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .map(|name| Format::ALL.into_iter().find(|format| format.name() == name).expect("one of the names"))
}

impl Default for Selection {
    fn default() -> Self {
        Selection { names: Vec::new(), format: Vec::new(), out: PathBuf::from("figures"), threads: None }
    }
}

pub fn list() -> Result<(), Failure> {
    let width = figures::ALL.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
    let rows = figures::ALL.iter().map(|figure| {
        let formats: Vec<String> = formats_of(figure).map(|format| format.to_string()).collect();
        format!("{:width$}  {:15}  {}\n", figure.name, formats.join(","), figure.title)
    });
    say(&rows.collect::<String>())
}

/// The formats that a figure can have, that of the book first.
fn formats_of(figure: &Published) -> impl Iterator<Item = Format> + use<> {
    let moves = figure.kind == Kind::Animation;
    let book = if moves { Format::Gif } else { Format::Svg };
    let others = Format::ALL.into_iter().filter(move |&f| f != book && (moves || f != Format::Gif));
    [book].into_iter().chain(others)
}

pub fn write(selection: &Selection) -> Result<(), Failure> {
    if selection.threads == Some(0) {
        return Err(Failure::Usage("--threads is 0, but must be at least 1".to_owned()));
    }
    let jobs = jobs(selection)?;
    let progress = Progress::new(jobs.iter().map(|(_, formats)| formats.len()).sum());
    let threads =
        selection.threads.or_else(|| thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);

    // A figure is computed once, whatever the number of its formats.
    let results = export::in_parallel(&jobs, threads, |(published, formats)| {
        let figure = published.draw()?;
        let mut changed = 0;
        for &format in formats {
            let path = selection.out.join(format!("{}.{format}", published.name));
            changed += usize::from(export::write(&path, &export::encode(&figure, format)?)?);
            progress.wrote(&path);
        }
        Ok((formats.len(), changed))
    });
    progress.finish();

    let (done, failed): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let errors: Vec<String> =
        failed.into_iter().filter_map(Result::err).map(|error: Error| error.to_string()).collect();
    if !errors.is_empty() {
        return Err(Failure::Work(errors));
    }
    let counts = done.into_iter().flatten();
    let (files, changed) = counts.fold((0, 0), |(files, changed), (f, c)| (files + f, changed + c));
    let folder = selection.out.display();
    say(&format!("{files} {} in {folder}, {changed} changed\n", if files == 1 { "file" } else { "files" }))
}

/// Each figure that is asked for, once, with its formats.
fn jobs(selection: &Selection) -> Result<Vec<(&'static Published, Vec<Format>)>, Failure> {
    for name in &selection.names {
        if !figures::ALL.iter().any(|figure| figure.name == name || figure.chapter() == name) {
            return Err(Failure::Usage(unknown(name)));
        }
    }
    let mut wanted = selection.format.clone();
    wanted.sort();
    wanted.dedup();
    let mut jobs = Vec::new();
    for figure in figures::ALL {
        let by_name = selection.names.iter().any(|name| name == figure.name);
        let by_chapter = selection.names.iter().any(|name| name == figure.chapter());
        if !(by_name || by_chapter || selection.names.is_empty()) {
            continue;
        }
        let possible: Vec<Format> = formats_of(figure).collect();
        let formats: Vec<Format> = match wanted.as_slice() {
            [] => possible[..1].to_vec(),
            _ => wanted.iter().copied().filter(|format| possible.contains(format)).collect(),
        };
        // Asked for by its own name, a still cannot be a gif; as one of many it is passed over.
        if by_name && formats.len() < wanted.len() {
            return Err(Failure::Usage(format!("{} does not move, so it has no gif", figure.name)));
        }
        if !formats.is_empty() {
            jobs.push((figure, formats));
        }
    }
    if jobs.is_empty() {
        return Err(Failure::Usage("none of these figures moves, so there is no gif".to_owned()));
    }
    Ok(jobs)
}

/// Says that there is no such figure, and which there are: those of the chapter if that is right, else those
/// whose names look alike, else all.
fn unknown(name: &str) -> String {
    let known = || figures::ALL.iter().map(|figure| figure.name);
    let chapter = name.split('/').next().unwrap_or(name);
    let same_chapter = known().filter(|known| known.split('/').next() == Some(chapter));
    let alike =
        known().filter(|known| known.split('/').any(|part| name.split('/').any(|n| similar(n, part))));
    let mut near: Vec<&str> = same_chapter.collect();
    if near.is_empty() {
        near = alike.collect();
    }
    if near.is_empty() {
        near = known().collect();
    }
    format!("no figure or chapter is named '{name}'; there are\n  {}", near.join("\n  "))
}

/// Whether two words begin with the same three letters or one contains the other.
fn similar(a: &str, b: &str) -> bool {
    let start = |word: &str| word.chars().take(3).collect::<String>();
    !a.is_empty() && (start(a) == start(b) || a.contains(b) || b.contains(a))
}

/// A bar on a terminal, a line a file elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    written: AtomicUsize,
    total: usize,
}

impl Progress {
    fn new(total: usize) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len}  {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Progress { bar, written: AtomicUsize::new(0), total }
    }

    fn wrote(&self, path: &Path) {
        let count = 1 + self.written.fetch_add(1, Ordering::Relaxed);
        match &self.bar {
            Some(bar) => {
                bar.set_message(path.display().to_string());
                bar.inc(1);
            }
            None => warn(&format!("[{count}/{}] {}", self.total, path.display())),
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
