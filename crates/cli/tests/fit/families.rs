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
    let reason = "x.csv: column b is a linear function of a, so full and tied covariances are singular: leave it out: \
                  --columns a, set a --floor, or say --covariance diagonal or spherical\n";
    assert_eq!(text(&output.stderr), format!("warning: {reason}"));
}

/// A column that follows from others is named at once, to the rounding of its numbers; one that all but follows is not.
#[test]
fn a_column_that_depends_on_others_is_named() {
    let row =
        |line: &str| -> Vec<f64> { line.split(',').map(|cell| cell.parse().expect("a number")).collect() };
    let with = |header: &str, made: &dyn Fn(usize, f64, f64) -> String| -> String {
        let rows = FAITHFUL.lines().skip(1).map(row).enumerate();
        let rows = rows.map(|(i, x)| format!("{},{},{}\n", x[0], x[1], made(i, x[0], x[1])));
        format!("eruptions,waiting,{header}\n{}", rows.collect::<String>())
    };
    // Nanoseconds of sending and receiving, which lie some 20 roundings apart.
    let stamps: String = (0..300_u64)
        .map(|i| (1_700_000_000_000_000_000 + i * 200_000_000, 4000 + i * i * 37 % 5000))
        .map(|(sent, late)| format!("{sent},{}\n", sent + late))
        .collect();
    let stamps = format!("send,receive\n{stamps}");
    let place = Place::with(&[
        ("same.csv", &with("c", &|_, _, waiting| waiting.to_string())),
        (
            "sum.csv",
            &with("c", &|_, eruptions, waiting| (1e6 - 60.0 * eruptions - waiting / 3.0).to_string()),
        ),
        ("constant.csv", &with("c", &|_, _, _| "7".to_owned())),
        ("but_one.csv", &with("c", &|i, _, waiting| (waiting + f64::from(u8::from(i == 271))).to_string())),
        ("rounded.csv", &with("c", &|_, eruptions, _| format!("{:.1}", 1.8 * eruptions + 32.0))),
        ("gap.csv", &with("c", &|i, _, waiting| if i == 0 { String::new() } else { waiting.to_string() })),
        ("silent.csv", &(with("c", &|_, _, waiting| waiting.to_string()) + ",,\nNA,NA,NA\n")),
        ("stamps.csv", &stamps),
    ]);
    let reason = |file: &str, what: &str, floor: &str| {
        format!(
            "{file}: column c is {what}, so full and tied covariances are singular: leave it out: --columns \
             eruptions,waiting, {floor}or say --covariance diagonal or spherical"
        )
    };
    let of_both = "a linear function of eruptions, waiting";
    for (line, reason) in [
        ("same.csv -k 2", reason("same.csv", "a linear function of waiting", "set a --floor, ")),
        ("silent.csv -k 1", reason("silent.csv", "a linear function of waiting", "set a --floor, ")),
        ("same.csv -k 1..2 --stream", reason("same.csv", "a linear function of waiting", "set a --floor, ")),
        ("sum.csv -k 2 --covariance tied --standardize", reason("sum.csv", of_both, "set a --floor, ")),
        ("sum.csv -k 2 --model student", reason("sum.csv", of_both, "")),
    ] {
        place.refuses(&format!("fit {line}"), 1, &reason);
    }
    let output = place.run("fit constant.csv -k 1 --covariance all");
    assert!(
        text(&output.stderr).contains("column c is constant, so full and tied"),
        "{}",
        text(&output.stderr)
    );
    for line in [
        "but_one.csv -k 1",
        "stamps.csv -k 1 --restarts 3 --max-iter 3",
        "rounded.csv -k 2 --restarts 2",
        "gap.csv -k 1 --max-iter 2",
        "same.csv -k 1 --floor 0.1",
        "same.csv -k 2 --covariance diagonal --restarts 2",
    ] {
        place.prints(&format!("fit {line}"));
    }
}
