//! Tables as nobody should write them.

use super::one_of;
use rand::{Rng, RngExt};
use rand_pcg::Pcg64;

/// Numbers at the ends of their range, ties, and what is no number.
const CELLS: [&str; 36] = [
    "0",
    "-0",
    "1",
    "1.0",
    "+1",
    "1e15",
    "1000000000000010",
    "1e308",
    "-1e308",
    "1e309",
    "1e-308",
    "5e-324",
    "1e200",
    ".5",
    "5.",
    "1,5",
    "1.234,5",
    "\"1,234\"",
    "\"2\"",
    "\"\"",
    "",
    " ",
    "NA",
    "nan",
    "-inf",
    "Infinity",
    "?",
    "0x10",
    "1_000",
    "1e",
    "٣",
    "—",
    "red",
    "2.5kg",
    "2020-01-01",
    "\"a\nb\"",
];

const NAMES: [&str; 12] =
    ["x", "y", "x", "2", "2020", "", "a b", "a_<b>", "\u{1}", "身高", "\"quoted, name\"", "\"two\nlines\""];

/// Bytes of a table; half of them as most people have them.
pub fn table(rng: &mut Pcg64) -> Vec<u8> {
    let (n, d) = (one_of(rng, &[0, 1, 2, 7, 40, 40, 200, 200, 200, 200]), one_of(rng, &[1, 1, 2, 2, 3, 8]));
    let (comma, end) =
        (one_of(rng, &[",", ",", ",", ",", ";", "\t", " ", "|"]), one_of(rng, &["\n", "\n", "\r\n", "\r"]));
    let hostility = one_of(rng, &[0.0, 0.0, 0.0, 0.01, 0.3, 1.0]);
    let mut text = String::from(one_of(rng, &["", "", "", "", "\u{feff}", "# a comment\n", "\n"]));
    if rng.random_bool(0.6) {
        let names: Vec<&str> =
            (0..d).map(|j| if hostility == 0.0 { NAMES[j] } else { one_of(rng, &NAMES) }).collect();
        text += &(names.join(comma) + end);
    }
    let (offset, scale) =
        (one_of(rng, &[0.0, 0.0, 0.0, 1e9, -1e300]), one_of(rng, &[1.0, 1.0, 1.0, 0.0, 1e-12, 1e150]));
    for _ in 0..n {
        let cells: Vec<String> = (0..d).map(|_| cell(rng, hostility, offset, scale)).collect();
        text += &(cells.join(comma) + end);
    }
    if rng.random_bool(0.2) {
        text.truncate(text.trim_end().len());
    }
    let mut bytes = text.into_bytes();
    if rng.random_bool(0.25) {
        (0..rng.random_range(1..6)).for_each(|_| break_one(rng, &mut bytes));
    }
    bytes
}

fn cell(rng: &mut Pcg64, hostility: f64, offset: f64, scale: f64) -> String {
    if rng.random_bool(hostility) {
        return one_of(rng, &CELLS).to_owned();
    }
    let centre = f64::from(rng.random_range(0..3u8)) * 5.0;
    let value: f64 = offset + scale * (centre + rng.random_range(-1.0..1.0));
    format!("{value:?}")
}

/// Doubles as they lie in memory, any bits among them, and perhaps not a whole number of them.
pub fn raw(rng: &mut Pcg64) -> Vec<u8> {
    let rows = one_of(rng, &[0, 1, 10, 300]);
    let mut bytes: Vec<u8> =
        (0..2 * rows).flat_map(|_| rng.random_range(-10.0..10.0f64).to_le_bytes()).collect();
    match rng.random_range(0..4) {
        0 => rng.fill_bytes(&mut bytes),
        1 => bytes.truncate(bytes.len().saturating_sub(3)),
        _ => {}
    }
    bytes
}

/// A byte goes, comes or changes, or all that follows is lost.
pub fn break_one(rng: &mut Pcg64, bytes: &mut Vec<u8>) {
    let at = rng.random_range(0..=bytes.len());
    let byte = one_of(rng, &[0, b'"', b',', b';', b'\n', b'\r', b'-', b'e', b'{', b']', 0xff, b'9']);
    match rng.random_range(0..8) {
        0 => bytes.truncate(at),
        1..=3 => bytes.insert(at, byte),
        4 | 5 if at < bytes.len() => bytes[at] = byte,
        _ if at < bytes.len() => drop(bytes.remove(at)),
        _ => bytes.push(byte),
    }
}
