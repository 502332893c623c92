//! How a table is written: what its reader is told, and what its first lines show.

use super::record::{LONGEST, is_blank, is_comment};
use std::io::{ErrorKind, Read, Result};

/// What may separate cells, unless it is told.
const SEPARATORS: [u8; 3] = [b'\t', b';', b','];

/// How much is read at once until two lines are there.
const PIECE: usize = 1 << 16;

/// How a table is written, as far as that is to be told and not to be seen.
///
/// ```
/// use executable_em_engine::table::{CsvReader, Dialect, assemble};
/// let text = "measured by hand\n# two geysers\n1.5  2\n3.0 40\n";
/// let dialect = Dialect { separator: Some(b' '), comment: Some("#".to_owned()), skip: 1, ..Dialect::default() };
/// let table = CsvReader::with_dialect(text.as_bytes(), "table", &dialect)?;
/// assert_eq!(assemble(table)?, nalgebra::dmatrix![1.5, 2.0; 3.0, 40.0]);
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dialect {
    /// Whether the first line is a header; if nobody says, that is seen by what stands below it.
    pub header: Option<bool>,
    /// The byte between cells, where a blank stands for any run of blanks and tabs; if nobody says, the first of tab,
    /// semicolon and comma that stands as often in the second line as in the first, or else in the first at all.
    pub separator: Option<u8>,
    /// Lines that begin so are passed over, but in quotes.
    pub comment: Option<String>,
    /// So many lines come before the table.
    pub skip: usize,
    /// What stands for a missing value, beside what usually does: in the first line it is no name.
    pub missing: Vec<String>,
    /// What somebody asks for columns by: where the first line holds one of these beside text, it holds names. Numbers
    /// of columns do not count.
    pub asked: Vec<String>,
    /// The names by which somebody knows the columns, as a model does: a first line that holds all of these holds
    /// names, be they numbers.
    pub known: Vec<String>,
}

/// What the first lines of a table show.
pub(super) struct Head {
    /// These lines, without a byte order mark, and perhaps more.
    pub text: Vec<u8>,
    /// A line feed or, if lines end with carriage returns alone, one of these.
    pub line_end: u8,
    pub separator: u8,
}

impl Head {
    /// Reads the first two lines of the table, if it has so many.
    pub fn read(input: &mut impl Read, dialect: &Dialect) -> Result<Self> {
        let mut text = Vec::new();
        let mut piece = vec![0; PIECE];
        loop {
            let length = match input.read(&mut piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                length => length?,
            };
            text.extend_from_slice(&piece[..length]);
            let is_all = length == 0 || text.len() > LONGEST;
            // Only an end of a line can tell more.
            if is_all || piece[..length].iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
                let lines = lines(&text, is_all, dialect);
                if is_all || lines.counts.len() == 2 {
                    let separator = dialect.separator.unwrap_or_else(|| separator(&lines.counts));
                    let line_end = lines.line_end;
                    if text.starts_with("\u{feff}".as_bytes()) {
                        text.drain(.."\u{feff}".len());
                    }
                    return Ok(Head { text, line_end, separator });
                }
            }
        }
    }
}

/// What ends a line, and how often each separator stands in the first two lines that are whole.
struct Lines {
    line_end: u8,
    counts: Vec<[usize; SEPARATORS.len()]>,
}

fn lines(text: &[u8], is_all: bool, dialect: &Dialect) -> Lines {
    let line_end = if ends_with_returns(text) { b'\r' } else { b'\n' };
    let mut rest = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    for _ in 0..dialect.skip {
        if rest.is_empty() {
            break;
        }
        let length = rest.iter().position(|&byte| byte == line_end).map_or(rest.len(), |at| at + 1);
        rest = &rest[length..];
    }
    let mut counts = Vec::new();
    while counts.len() < 2 && !rest.is_empty() {
        let line = rest.split_inclusive(|&byte| byte == line_end).next().unwrap_or_default();
        if is_blank(line) || is_comment(line, dialect.comment.as_deref()) {
            rest = &rest[line.len()..];
            continue;
        }
        let (count, length) = count(rest, line_end);
        rest = &rest[length..];
        if !rest.is_empty() || is_all {
            counts.push(count);
        }
    }
    Lines { line_end, counts }
}

/// Whether the first end of a line outside quotes is a carriage return without a line feed.
fn ends_with_returns(text: &[u8]) -> bool {
    let mut is_quoted = false;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' => return false,
            b'\r' if !is_quoted => {
                let after = text[at..].iter().find(|&&byte| byte != b'\r');
                return after.is_some_and(|&byte| byte != b'\n');
            }
            _ => {}
        }
    }
    false
}

/// How often each separator stands outside quotes in the record that begins here, and how long it is.
fn count(text: &[u8], line_end: u8) -> ([usize; SEPARATORS.len()], usize) {
    /// Where in a cell: before it, in it, between its quotes, or behind one that may have ended it.
    enum At {
        Start,
        Plain,
        Quoted,
        Quote,
    }
    let (mut at, mut counts) = (At::Start, [0; SEPARATORS.len()]);
    for (place, &byte) in text.iter().enumerate() {
        let separator = SEPARATORS.iter().position(|&separator| separator == byte);
        at = match (at, separator) {
            (At::Quoted, _) if byte == b'"' => At::Quote,
            (At::Quoted, _) => At::Quoted,
            _ if byte == line_end => return (counts, place + 1),
            (_, Some(separator)) => {
                counts[separator] += 1;
                At::Start
            }
            (At::Start | At::Quote, None) if byte == b'"' => At::Quoted,
            (At::Start, None) if byte.is_ascii_whitespace() => At::Start,
            _ => At::Plain,
        };
    }
    (counts, text.len())
}

/// The separator of a table whose first lines, or its only one, hold each of them so often.
fn separator(counts: &[[usize; SEPARATORS.len()]]) -> u8 {
    let first = counts.first().copied().unwrap_or_default();
    let is_there = |&at: &usize| first[at] > 0;
    let agrees = |&at: &usize| counts.get(1).is_some_and(|second| second[at] == first[at]);
    let mut candidates = (0..SEPARATORS.len()).filter(is_there);
    let best = candidates.clone().find(agrees).or_else(|| candidates.next());
    best.map_or(b',', |at| SEPARATORS[at])
}
