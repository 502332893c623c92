//! `--model kmeans`: clusters, their J, and what predict says of them.

use crate::common::assert_within;
use crate::common::bounds::gamma;
use crate::place::{Place, csv};
use crate::{BLOBS, FAITHFUL};
use executable_em::{data, kmeans};
use executable_em_engine::{Saved, SavedClusters, table::parse_csv};
use nalgebra::DMatrix;
use rand::RngExt;

fn clusters(place: &Place, name: &str) -> SavedClusters {
    match Saved::from_json(&place.read(name)).expect("a document") {
        Saved::Clusters(saved) => saved,
        other => panic!("{other:?}"),
    }
}

/// At rest: every mean is the average of its data, and J is the derivation's. In standard units the two kinds of
/// eruption part at J = 79.576.
#[test]
fn the_clusters_are_at_rest() {
    let place = Place::with(&[("x.csv", FAITHFUL)]);
    let x = data::old_faithful();
    for (more, units) in [("", false), ("--standardize", true), ("--stream", false)] {
        let printed = place
            .prints(&format!("fit x.csv -k 2 --model kmeans --out k.json --responsibilities l.csv {more}"));
        let saved = clusters(&place, "k.json");
        assert_eq!(
            (saved.sizes.iter().sum::<f64>(), saved.columns.len(), saved.units.is_some()),
            (272.0, 2, units)
        );
        assert!(saved.sizes[0] >= saved.sizes[1]);
        let (points, means) = if units {
            let z = data::standardize(&x).expect("z");
            let means = saved.means.map_with_location(|_, a, value| {
                let column = x.column(a);
                (value - column.mean()) / column.variance().sqrt()
            });
            (z, means)
        } else {
            (x.clone(), saved.means.clone())
        };
        let r = kmeans::responsibilities(&points, &means).expect("r");
        let j = kmeans::objective(&points, &r, &means).expect("J");
        // A sum of 272 squares, of means that sums of as many gave.
        assert_within(saved.objective, j, gamma(6 * 272) * j);
        let rested = kmeans::update_means(&points, &r, &means).expect("means");
        assert!((rested - &means).amax() <= gamma(6 * 272) * means.amax());
        if units {
            assert!(
                printed.contains("Fit       J = 79.57596, ") && printed.contains("85.4 % of all"),
                "{printed}"
            );
        }
        assert_eq!(place.prints("predict k.json x.csv"), place.read("l.csv"));
        let table = parse_csv(&place.read("l.csv")).expect("a table");
        assert_eq!(table.names, ["label", "squared_distance"]);
        let labels = kmeans::assign(&points, &means).expect("labels");
        assert!(table.values.column(0).iter().zip(&labels).all(|(&label, &own)| label == own as f64 + 1.0));
        assert_within(table.values.column(1).sum(), j, gamma(8 * 272) * j);
        assert!(printed.contains("won; ") && !printed.contains("BIC"), "{printed}");
    }
    let note = "Note      some columns spread over ten times as far as others and decide alone; --standardize \
    weighs all alike";
    assert!(place.prints("fit x.csv -k 2 --model kmeans").contains(note));
    // What is constant decides nothing.
    place.write("constant.csv", "a,b\n1,5\n2,5\n7,5\n8,5\n");
    assert!(!place.prints("fit constant.csv -k 2 --model kmeans").contains("Note"));
    place.write("alike.csv", "a\n1\n1\n2\n2\n2\n");
    let printed = place.prints("fit alike.csv -k 3 --model kmeans");
    assert!(printed.contains("Note      cluster 3 is empty: fewer clusters do as well\n"), "{printed}");
}

/// Squares that are no numbers would make J zero, or explain all.
#[test]
fn distances_out_of_scale_are_refused() {
    let place = Place::with(&[]);
    for (unit, found) in [("e-200", "8.00e-200"), ("e153", "8.00e153"), ("e200", "8.00e200")] {
        let lines: String = (1..=8).map(|i| format!("{i}{unit}\n").repeat(10)).collect();
        place.write("x.csv", format!("a\n{lines}"));
        let told = format!(
            "x.csv: column a has values up to {found}, whose squares are no numbers: count it in another unit"
        );
        for options in ["", "--standardize"] {
            place.refuses(&format!("fit x.csv -k 2 --model kmeans {options}"), 1, &told);
        }
    }
}

/// Where weights sum to much more than there are rows, the rows still say whether these are few.
#[test]
fn weights_cost_no_rounds() {
    let mut rng = data::rng(5);
    let x = DMatrix::from_fn(400, 3, |_, a| if a == 2 { 1000.0 } else { rng.random_range(0.0..1.0) });
    let place = Place::with(&[("x.csv", &csv("a,b,w", &x))]);
    let objective = |options: &str| {
        place.prints(&format!("fit x.csv -k 12 --weights w --model kmeans --out c.json {options}"));
        clusters(&place, "c.json").objective
    };
    let (twelve, more) = (objective("--restarts 12"), objective(""));
    assert!(more < twelve * (1.0 - 1e-3), "{twelve} {more}");
    // Nor do rows that weigh nothing, of which no start is drawn: weights of one are rows, and the starts the same.
    let rows = csv("a,b,w", &x).replace(",1000", ",1");
    place.write("x.csv", &rows);
    let ones = objective("");
    place.write("x.csv", format!("{rows}{}", "5,5,0\n".repeat(2000)));
    assert_within(objective(""), ones, gamma(6 * 400) * ones);
}

/// Where twelve starts disagree, further rounds of them follow.
#[test]
fn clusters_are_looked_for_until_nothing_better_is_found() {
    let mut rng = data::rng(5);
    let x = DMatrix::from_fn(400, 2, |_, _| rng.random_range(0.0..1.0));
    let place = Place::with(&[("x.csv", &csv("a,b", &x))]);
    let objective = |options: &str| {
        place.prints(&format!("fit x.csv -k 12 --model kmeans --out c.json {options}"));
        clusters(&place, "c.json").objective
    };
    let (twelve, more, many) = (objective("--restarts 12"), objective(""), objective("--restarts 400"));
    assert!(more < twelve * (1.0 - 1e-3) && more < many * (1.0 + 1e-3), "{twelve} {more} {many}");
}

/// Far out, squares overflow or rounding makes the means one; which mean is nearest is known all the same.
#[test]
fn the_nearest_mean_is_known_from_afar() {
    let place = Place::with(&[("x.csv", "a,b\n0,0\n1,0\n2,0\n100,0\n101,0\n102,0\n103,0\n")]);
    let far = "-1e200,0 1e200,0 -1e160,0 1e160,0 1e20,3 -1e20,3 -1.7e308,0 1.7e308,0 60,1e200 40,-1e200 \
        1e200,1e300 51.5,1e308 3,1e10";
    place.write("far.csv", format!("a,b\n{}\n", far.replace(' ', "\n")));
    for more in ["", "--standardize --columns a"] {
        place.prints(&format!("fit x.csv -k 2 --model kmeans --out k.json {more}"));
        let predicted = place.prints("predict k.json far.csv");
        let labels: String = predicted.lines().skip(1).map(|line| &line[..1]).collect();
        // The means are 101.5 and 1: midway lies 51.25.
        assert_eq!(labels, "2121122112112", "{more}: {predicted}");
    }
    // The second and the third mean lie beside each other, the first so far off that all but its place is rounding.
    let lopsided = (0..9).map(|i| format!("{}\n", [-1e6, 0.0, 1.0][i % 3])).collect::<String>();
    let place = Place::with(&[("x.csv", &format!("a\n{lopsided}")), ("far.csv", "a\n1e18\n1e16\n-1e18\n")]);
    place.prints("fit x.csv -k 3 --model kmeans --out k.json");
    let predicted = place.prints("predict k.json far.csv");
    let of_means = place.prints("predict k.json x.csv");
    let label = |printed: &str, row: usize| printed.lines().nth(row).expect("a row")[..1].to_owned();
    let [lowest, highest] = [1, 3].map(|row| label(&of_means, row));
    assert_eq!([1, 2, 3].map(|row| label(&predicted, row)), [highest.clone(), highest, lowest]);
}

/// Several k show J, which falls; none is chosen, so none can be saved.
#[test]
fn no_criterion_chooses_among_clusterings() {
    let place = Place::with(&[("x.csv", BLOBS), ("one.csv", &csv("a", &nalgebra::dmatrix![1.0; 1.0; 1.0]))]);
    let printed = place.prints("fit x.csv -k 1..5 --model kmeans --columns x1,x2");
    let js: Vec<f64> = printed
        .lines()
        .skip_while(|line| !line.starts_with('k'))
        .skip(1)
        .take(5)
        .map(|line| line.split_whitespace().nth(1).expect("J").parse().expect("a number"))
        .collect();
    assert!(js.is_sorted_by(|one, other| one > other) && js.len() == 5, "{printed}");
    assert!(printed.contains("explained\n1") && printed.contains("no criterion chooses k here"), "{printed}");
    let reason = "J falls with every further mean, so it cannot choose among several";
    place.refuses(
        "fit x.csv -k 1..3 --model kmeans --out k.json",
        2,
        &format!("--out wants one k: {reason}"),
    );
    for option in [
        "--covariance full",
        "--floor 1",
        "--start random",
        "--start m.json",
        "--flips 2",
        "--plot p.svg",
        "--tol 1",
        "--stop aitken",
    ] {
        let name = option.split(' ').next().expect("a name");
        place.refuses(
            &format!("fit x.csv -k 2 --model kmeans {option}"),
            2,
            &format!("{name} has no meaning with --model kmeans"),
        );
    }
    assert!(place.prints("fit one.csv -k 1 --model kmeans").contains("J = 0.000000"));
    place.prints("fit x.csv -k 2 --model kmeans --columns x1,x2 --out k.json");
    for command in ["sample k.json -n 3", "conditional k.json --given x1=0", "marginal k.json --columns x1"] {
        place.refuses(command, 1, "k.json: holds clusters of k-means, which have no density");
    }
    place.write("broken.json", place.read("k.json").replacen("\"k\": 2", "\"k\": 3", 1));
    place.refuses("predict broken.json x.csv", 1, "broken.json: sizes: found a list of 2, expected one of 3");
}
