//! Saved models with something wrong in them, or nothing.

use super::{one_of, tables};
use rand::RngExt;
use rand_pcg::Pcg64;

/// What may stand where a number was.
const NUMBERS: [&str; 12] =
    ["0", "-1", "2", "1e400", "1e308", "1e-320", "NaN", "null", "\"1\"", "[]", "{}", "18446744073709551616"];

/// The model of `json`, with one of its numbers replaced, a line lost, bytes broken, or as it was.
pub fn altered(rng: &mut Pcg64, json: &str) -> Vec<u8> {
    match rng.random_range(0..5) {
        0 => json.into(),
        1 | 2 => with_another_number(rng, json).into_bytes(),
        3 => {
            let mut lines: Vec<&str> = json.split_inclusive(',').collect();
            lines.remove(rng.random_range(0..lines.len()));
            lines.concat().into_bytes()
        }
        _ => {
            let mut bytes = json.as_bytes().to_vec();
            (0..rng.random_range(1..4)).for_each(|_| tables::break_one(rng, &mut bytes));
            bytes
        }
    }
}

fn with_another_number(rng: &mut Pcg64, json: &str) -> String {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | '-');
    let starts: Vec<usize> = json
        .match_indices(|c: char| c.is_ascii_digit())
        .map(|(at, _)| at)
        .filter(|&at| !json[..at].ends_with(is_part))
        .collect();
    let start = one_of(rng, &starts);
    let length = json[start..].find(|c| !is_part(c)).unwrap_or(json.len() - start);
    format!("{}{}{}", &json[..start], one_of(rng, &NUMBERS), &json[start + length..])
}
