//! A Parquet file as pyarrow writes it: five codecs, three row groups, numbers of every kind, texts, dates and a gap.

mod place;

use place::Place;

const MIXED: &[u8] = include_bytes!("parquet/mixed.parquet");

#[cfg(feature = "parquet")]
#[test]
fn a_parquet_file_is_the_same_table() {
    let row = |i: u32| {
        let (a, b) = (f64::from(i * 7 % 13) + 0.25, i * 5 % 11 + if i < 30 { 0 } else { 40 });
        let gap = if i == 6 { String::new() } else { b.to_string() };
        format!("{a},{b},{a},{},{b},{},{gap}\n", u64::from(b) + (1 << 53), u32::from(b > 20))
    };
    let table = format!("a,b,c,big,tiny,is,gap\n{}", (0..60).map(row).collect::<String>());
    let place = Place::with(&[("mixed.csv", &table)]);
    place.write("mixed.parquet", MIXED);
    for columns in ["a,b", "c,b", "tiny,c", "is,a", "1..2", "a,gap"] {
        let fit =
            |file: &str| place.prints(&format!("fit {file} -k 1 --columns {columns} --out {file}.json"));
        assert_eq!(fit("mixed.parquet").replace(".parquet", ".csv"), fit("mixed.csv"));
        // Nobody says the columns again.
        let predict = |file: &str| place.prints(&format!("predict mixed.parquet.json {file}"));
        assert_eq!(predict("mixed.parquet"), predict("mixed.csv"));
    }
    let rest = "leave it out: --columns a,b,c,big,tiny,is,gap";
    for (columns, held) in [("a,species", "species holds String"), ("day", "day holds Date")] {
        let error = format!("mixed.parquet: column {held}, no numbers: {rest}");
        place.refuses(&format!("fit mixed.parquet -k 1 --columns {columns}"), 1, &error);
    }
    let told = place::text(&place.run("fit mixed.parquet -k 1 --columns a,gap --model kmeans").stderr);
    assert!(
        told.starts_with("error: mixed.parquet: row 7, column gap: found NaN, expected a finite number"),
        "{told}"
    );
    place.write("half.parquet", &MIXED[..MIXED.len() / 2]);
    let half = place.run("fit half.parquet -k 1");
    assert!(place::text(&half.stderr).starts_with("error: half.parquet: "), "{}", place::text(&half.stderr));
    assert_eq!(half.status.code(), Some(1));
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_parquet_file_is_named() {
    let place = Place::with(&[]);
    place.write("mixed.parquet", MIXED);
    let remedy = "build the program with --features parquet, or write the file as CSV";
    place.refuses("fit mixed.parquet -k 1", 1, &format!("mixed.parquet: is a Parquet file: {remedy}"));
}
