//! The ids of the five lectures, and of what they name and stop at (X): which there are, and how they are found in a
//! text.

/// Every id, lecture by lecture: its items, numbered without a gap, then its errata. Three numbers were skipped when
/// the list was first made, and stand for nothing; they stay free, so that no id ever changes its meaning.
pub fn all() -> Vec<String> {
    let lectures: [(char, u32, u32, &[u32]); 6] = [
        ('H', 65, 28, &[27]),
        ('L', 31, 19, &[]),
        ('C', 44, 22, &[]),
        ('B', 33, 21, &[]),
        ('T', 58, 29, &[27, 28]),
        ('X', 33, 0, &[]),
    ];
    let mut ids = Vec::new();
    for (lecture, items, errata, gaps) in lectures {
        ids.extend((1..=items).map(|number| format!("{lecture}-{number:02}")));
        let numbers = (1..=errata).filter(|number| !gaps.contains(number));
        ids.extend(numbers.map(|number| format!("{lecture}-E{number:02}")));
    }
    ids
}

/// Lecture (with the E of an erratum) and number of a word that looks like an id, whether there is such an id or not.
fn parts(word: &str) -> Option<(&str, &str)> {
    let digits = word.find(|c: char| c.is_ascii_digit())?;
    let (lecture, number) = word.split_at(digits);
    let lectures = ["H-", "L-", "C-", "B-", "T-", "X-", "H-E", "L-E", "C-E", "B-E", "T-E"];
    lectures.contains(&lecture).then_some((lecture, number))
}

/// What looks like an id in a text, in order; a range such as H-31 … H-33 stands for all between its ends.
pub fn ids_in(text: &str) -> Vec<String> {
    let spaced = text.replace('…', " … ");
    let words: Vec<&str> = spaced
        .split(|c: char| !(c.is_alphanumeric() || "-_…".contains(c)))
        .filter(|word| !word.is_empty())
        .collect();
    let mut ids = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Some((lecture, number)) = parts(word) else { continue };
        let from =
            index.checked_sub(2).and_then(|first| parts(words[first])).filter(|_| words[index - 1] == "…");
        if let Some((_, first)) = from.filter(|(other, _)| *other == lecture)
            && let (Ok(first), Ok(last)) = (first.parse::<u32>(), number.parse::<u32>())
        {
            ids.extend((first + 1..last).map(|between| format!("{lecture}{between:02}")));
        }
        ids.push((*word).to_owned());
    }
    ids
}

/// The ids as a reader wants them: in the order of [`all`], three or more neighbours as a range.
pub fn compact(ids: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let wanted: Vec<String> = ids.into_iter().map(|id| id.as_ref().to_owned()).collect();
    let mut runs: Vec<Vec<String>> = Vec::new();
    for id in all().into_iter().filter(|id| wanted.contains(id)) {
        match runs.last_mut() {
            Some(run) if follows(&run[run.len() - 1], &id) => run.push(id),
            _ => runs.push(vec![id]),
        }
    }
    let texts = runs.iter().map(|run| match run.as_slice() {
        [first, _, .., last] => format!("{first} … {last}"),
        few => few.join(", "),
    });
    texts.collect::<Vec<_>>().join(", ")
}

fn follows(one: &str, other: &str) -> bool {
    let number =
        |id: &str| parts(id).and_then(|(lecture, number)| Some((lecture.len(), number.parse::<u32>().ok()?)));
    one[..1] == other[..1]
        && matches!((number(one), number(other)), (Some((a, m)), Some((b, n))) if a == b && n == m + 1)
}

#[test]
fn there_are_231_items_and_116_errata() {
    let ids: Vec<String> = all().into_iter().filter(|id| !id.starts_with('X')).collect();
    let errata = ids.iter().filter(|id| id.contains('E')).count();
    assert_eq!((ids.len() - errata, errata), (231, 116));
    assert_eq!((ids[0].as_str(), ids[ids.len() - 1].as_str()), ("H-01", "T-E29"));
    assert!(!ids.contains(&"H-E27".to_string()) && !ids.contains(&"T-E28".to_string()));
}

#[test]
fn ids_are_found_in_a_text() {
    assert_eq!(ids_in("Source: H-28 (printed with a minus: H-E01), B-22."), ["H-28", "H-E01", "B-22"]);
    assert_eq!(ids_in("*(H-31 … H-33)*, L-12…L-13"), ["H-31", "H-32", "H-33", "L-12", "L-13"]);
    assert_eq!(ids_in("C-E01 … C-03 and H-E27: no range, and no such id"), ["C-E01", "C-03", "H-E27"]);
    assert_eq!(ids_in("not TP-08, UTF-8, k-means, x_H-01, `B-` or k−1"), Vec::<String>::new());
    assert_eq!(ids_in("C-E09c and H-9 are wrong, but look like ids"), ["C-E09c", "H-9"]);
}

#[test]
fn neighbours_become_ranges() {
    assert_eq!(compact(["H-04", "H-02", "H-03", "T-01"]), "H-02 … H-04, T-01");
    assert_eq!(compact(["H-01", "H-02", "H-65", "H-E01"]), "H-01, H-02, H-65, H-E01");
    assert_eq!(compact(["H-29", "H-30", "L-31"]), "H-29, H-30, L-31");
    assert_eq!(compact(["H-E24", "H-E25", "H-E26", "H-E28"]), "H-E24 … H-E26, H-E28");
}
