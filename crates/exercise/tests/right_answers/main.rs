//! Right answers pass, however they are written: in loops, as matrix algebra, in the log domain, by recursion, by
//! another formula, by a numerical route. The files are those of `src`, and each exercise has at least five.

/// `exercise: answer, answer, …;` for each exercise of a file: a test of that name, in which every answer is right, and
/// their numbers as a table.
macro_rules! right {
    ($($exercise:ident: $($answer:expr),+;)+) => {
        pub const VARIANTS: &[(&str, usize)] =
            &[$((stringify!($exercise), [$(stringify!($answer)),+].len())),+];

        $(
            #[test]
            fn $exercise() {
                $(
                    let verdict = exercise::$exercise($answer);
                    assert!(verdict.is_right(), "{}\n{verdict}", stringify!($answer));
                )+
            }
        )+
    };
}

mod bound;
mod coins;
mod convergence;
mod em;
mod gaussian_mixture;
mod kmeans;
mod latent;
mod m_step;
mod missing;
mod pathologies;
mod scale;
mod selection;
mod soft_kmeans;
mod variational;
mod your_model;

use nalgebra::DMatrix;

/// ‖x_i − m_j‖² as n×k, by ‖x‖² − 2 x·m + ‖m‖².
fn expanded(x: &DMatrix<f64>, means: &DMatrix<f64>) -> DMatrix<f64> {
    let products = x * means.transpose();
    DMatrix::from_fn(x.nrows(), means.nrows(), |i, j| {
        x.row(i).norm_squared() - 2.0 * products[(i, j)] + means.row(j).norm_squared()
    })
}

/// Σ_i r_ij (x_i − m_j)(x_i − m_j)ᵀ.
fn scatter(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>, j: usize) -> DMatrix<f64> {
    let centred = DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| x[(i, a)] - means[(j, a)]);
    centred.transpose() * DMatrix::from_diagonal(&r.column(j).into_owned()) * centred
}

/// Rows of exponentials, the largest taken away first, divided by their sums.
fn normalised(logs: &DMatrix<f64>) -> DMatrix<f64> {
    let mut r = logs.clone();
    for mut row in r.row_iter_mut() {
        let largest = row.max();
        row.apply(|entry| *entry = (*entry - largest).exp());
        let sum = row.sum();
        row /= sum;
    }
    r
}

/// The names that the library exports as exercises: the functions of its `pub use` list, as it is written.
fn exported() -> Vec<&'static str> {
    let list = include_str!("../../src/lib.rs");
    let names = list.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    names
        .flat_map(|list| list.rsplit("::").next().unwrap_or_default().split(','))
        .map(|name| name.trim_matches(|c: char| c.is_whitespace() || "{}".contains(c)))
        .filter(|name| name.starts_with(|c: char| c.is_lowercase()))
        .collect()
}

#[test]
fn every_exercise_has_five_right_variants() {
    let files = [
        bound::VARIANTS,
        coins::VARIANTS,
        convergence::VARIANTS,
        em::VARIANTS,
        gaussian_mixture::VARIANTS,
        kmeans::VARIANTS,
        latent::VARIANTS,
        m_step::VARIANTS,
        missing::VARIANTS,
        pathologies::VARIANTS,
        scale::VARIANTS,
        selection::VARIANTS,
        soft_kmeans::VARIANTS,
        variational::VARIANTS,
        your_model::VARIANTS,
    ];
    let mut table = files.concat();
    table.sort_unstable();
    let mut names = exported();
    names.sort_unstable();
    assert_eq!(table.iter().map(|&(name, _)| name).collect::<Vec<_>>(), names);
    assert_eq!(names.len(), 70);
    let few: Vec<_> = table.iter().filter(|&&(_, count)| count < 5).collect();
    assert!(few.is_empty(), "fewer than five right variants: {few:?}");
}
