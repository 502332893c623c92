//! `--covariance all`: the four families side by side.

use crate::FAITHFUL;
use crate::place::{Place, text};

/// The rows of the table that is printed first.
fn rows(printed: &str) -> Vec<Vec<String>> {
    let row = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    printed.lines().take_while(|line| !line.starts_with('*')).map(row).collect()
}

/// Each row is the fit of its family alone, and the lowest BIC of all is kept.
#[test]
fn families_stand_in_one_table() {
    let place = Place::with(&[("x.csv", FAITHFUL)]);
    let printed = place.prints("fit x.csv -k 1..3 --covariance all --out best.json");
    let table = rows(&printed);
    assert_eq!(table[0], ["k", "covariances", "ℓ", "p", "BIC", "AIC", "ICL"]);
    assert_eq!(table.len(), 13);
    for (row, (family, k)) in table[1..].iter().zip(
        ["full", "tied", "diagonal", "spherical"]
            .iter()
            .flat_map(|&family| (1..=3).map(move |k| (family, k))),
    ) {
        assert_eq!(row[..2], [k.to_string(), family.to_owned()]);
        let alone = place.prints(&format!("fit x.csv -k {k} --covariance {family}"));
        let criteria = format!("BIC {}, AIC {}, ICL {}", row[4], row[5], row[6]).replace('*', "");
        assert!(alone.contains(&format!("ℓ = {} nats", row[2])) && alone.contains(&criteria), "{alone}");
        assert!(alone.contains(&format!(": {} free parameters", row[3])));
    }
    let bic = |row: &Vec<String>| row[4].trim_end_matches('*').parse::<f64>().expect("a number");
    let least = table[1..].iter().min_by(|one, other| bic(one).total_cmp(&bic(other))).expect("rows");
    assert!(least[4].ends_with('*'));
    let best = place.gaussians("best.json");
    assert_eq!((best.k().to_string(), best.family().name()), (least[0].clone(), least[1].as_str()));
    assert!(place.prints("fit x.csv -k 2 --covariance all --plot p.svg").ends_with("Plot in p.svg\n"));
    assert!(place.prints("fit x.csv -k 1..2 --covariance all --plot p.svg").ends_with("Plot in p.svg\n"));
}

/// A family that cannot be fitted stands there as failed, in its place.
#[test]
fn a_family_that_failed_is_in_the_table() {
    // On a line, and with variances of 1, so that the determinant is 0 without rounding.
    let place = Place::with(&[("x.csv", &format!("a,b\n{}", "-1,-1\n1,1\n".repeat(5)))]);
    let output = place.run("fit x.csv -k 1 --covariance all");
    let table = rows(&text(&output.stdout));
    let of =
        |family: &str| table.iter().find(|row| row.get(1).is_some_and(|name| name == family)).expect("a row");
    for family in ["full", "tied"] {
        assert_eq!(of(family)[..], ["1", family, "failed"]);
    }
    assert!(of("diagonal").len() > 5 && of("spherical").len() > 5);
    assert_eq!(
        table.iter().map(|row| row[1].as_str()).collect::<Vec<_>>()[1..],
        ["full", "tied", "diagonal", "spherical"]
    );
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).starts_with("warning: k = 1: none of "), "{}", text(&output.stderr));
}
