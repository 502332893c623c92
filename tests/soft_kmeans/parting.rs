//! Where means part: the critical stiffness, and how fast a small parting grows.

use crate::common::bounds::gamma;
use crate::common::{assert_printed, assert_within, column};
use crate::{five, line_model, proportional_to, settled};
use executable_em::kmeans;
use executable_em::soft_kmeans::{
    SoftKMeans, Weights, critical_stiffness, merging_stiffness, parted, parting_growth, splitting_growths,
    spread,
};
use executable_em::{data, em};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// The data of the tests below: on a line, lopsided, in the plane, in the plane with an axis aslant.
fn data_sets() -> Vec<DMatrix<f64>> {
    let (blobs, _) = data::blobs();
    vec![
        column(&[-2.0, -1.0, 0.5, 3.0]),
        five(),
        blobs,
        data::standardize(&data::old_faithful()).unwrap(),
        dmatrix![0.0, 1.0, 5.0; 2.0, -1.0, 4.0; 1.0, 1.0, 0.0; -3.0, 2.0, 2.0; 1.0, 0.0, 1.0],
    ]
}

/// The largest variance in any direction, by a search over directions: it uses no eigenvalues.
fn largest_variance(x: &DMatrix<f64>) -> f64 {
    let centred = DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| x[(i, a)] - x.column(a).mean());
    let variance = |direction: &DVector<f64>| (&centred * direction).norm_squared() / x.nrows() as f64;
    // Power iteration: the error falls as (λ₂/λ₁)^{2·500}; every set here has λ₂/λ₁ < 0.96, whence < 2e-18.
    let mut direction = DVector::from_fn(x.ncols(), |a, _| 1.0 + 0.3 * a as f64);
    for _ in 0..500 {
        direction = centred.transpose() * (&centred * &direction);
        direction /= direction.norm();
    }
    variance(&direction)
}

/// How far one sweep's growth may be from βλ_max, relatively.
///
/// Let v_i = x_i − x̄, M = max|v_i|, p_j ∈ [−1, 1] the places of the means. The logit of mean j is a_j = βηp_j uᵀv −
/// βη²p_j²/2 up to what all share, so |a_j| ≤ A = βηM + βη²/2. Along the path ta, r_j'' = r_j((a_j − ⟨a⟩)² − Var a), so
/// r_j = (1 + a_j − ā)/k with an error of at most 2A²e^{2A}/k ≤ 3A²/k for A < 0.2. As Σv = 0, the mean step gives
/// βηλp_j u with an error of 3A²M from the numerator and a factor within 1 ± δ, δ = βη² + 3A², from the denominator.
/// The spread subtracts an average that has the same errors: 6A²M/(βηλ) + 2δ relatively, and half as much again for
/// their products. Rounding: the mean step places a mean to γ(n+3) max|x| in each of d coordinates, the start to ε
/// max|x|, against βηλ and η.
fn growth_error(x: &DMatrix<f64>, stiffness: f64, parting: f64, largest: f64) -> f64 {
    let centre = x.row_mean();
    let farthest = x.row_iter().map(|row| (row - &centre).norm()).fold(0.0, f64::max);
    let a = stiffness * parting * farthest + 0.5 * stiffness * parting.powi(2);
    assert!(a < 0.2);
    let delta = stiffness * parting.powi(2) + 3.0 * a * a;
    let exact = 6.0 * a * a * farthest / (stiffness * parting * largest) + 2.0 * delta;
    let placed = 4.0 * (x.ncols() as f64).sqrt() * gamma(x.nrows() + 8) * x.amax();
    // The logits' own rounding: ε times β|v|², each moving a mean by M.
    let logits = 4.0 * gamma(x.ncols() + 8) * stiffness * farthest.powi(3);
    1.5 * exact + (placed + logits) / (stiffness * parting * largest).min(parting)
}

/// One sweep multiplies a small parting of merged means by βλ_max, for any number of means.
///
/// Source: H-41, H-E06.
#[test]
fn a_small_parting_grows_by_theory() {
    for x in data_sets() {
        let largest = largest_variance(&x);
        assert_within(critical_stiffness(&x).unwrap() * largest, 1.0, gamma(3 * x.nrows() + 100));
        let parting = 1e-5 * largest.sqrt();
        for (k, factor) in [(2, 0.5), (2, 1.0), (2, 3.0), (3, 0.9), (4, 1.1)] {
            let stiffness = factor / largest;
            let bound = growth_error(&x, stiffness, parting, largest);
            assert!(bound < 1e-2, "{bound}");
            let growth = parting_growth(&x, k, stiffness, parting).unwrap();
            assert_within(growth / factor, 1.0, bound);
        }
    }
}

/// The β at which EM from a tiny parting no longer merges is the critical one.
///
/// Source: H-41.
#[test]
fn bisection_finds_the_critical_stiffness() {
    for x in data_sets() {
        let largest = largest_variance(&x);
        let parting = 1e-5 * largest.sqrt();
        for k in [2, 3] {
            let found = merging_stiffness(&x, k, parting, 10).unwrap();
            // Near the threshold the parting stays what it was, so each sweep errs by no more than that of the
            // parting doubled; 2⁻⁴⁷ of the bracket is nothing beside it.
            let bound = growth_error(&x, 1.0 / largest, 2.0 * parting, largest);
            assert_within(found * largest, 1.0, bound);
        }
    }
}

/// The bracket holds 1/λ_max where it is hardest, with all variance spread evenly over the dimensions, and in any unit.
/// The corners ±1 of a cube have covariance I; a parting of 10⁻⁴ of the unit errs by its square.
///
/// Source: H-41.
#[test]
fn the_bracket_holds_the_critical_stiffness_of_round_data_in_any_unit() {
    let cube = DMatrix::from_fn(8, 3, |i, a| if i >> a & 1 == 1 { 1.0 } else { -1.0 });
    for unit in [1.0, 1e-3, 1e3] {
        let found = merging_stiffness(&(&cube * unit), 2, 1e-4 * unit, 5).unwrap();
        assert_within(found * unit * unit, 1.0, 1e-7);
    }
}

/// On data of variance one the critical stiffness is 1; a sweep without the ½ says one half.
///
/// Source: H-E06.
#[test]
fn without_the_half_means_part_at_half_the_stiffness() {
    let x = column(&[-1.0, 1.0]);
    assert_eq!(critical_stiffness(&x).unwrap(), 1.0);
    let growth = |stiffness: f64, exponent_of_two: f64| {
        let means = column(&[-1e-5, 1e-5]);
        let r = proportional_to(&x, &means, &[0.5, 0.5], stiffness * exponent_of_two);
        spread(&kmeans::update_means(&x, &r, &means).unwrap()).unwrap() / 1e-5
    };
    let threshold = |exponent_of_two: f64| {
        let (mut low, mut high) = (0.1, 4.0);
        for _ in 0..50 {
            let middle = 0.5 * (low + high);
            *(if growth(middle, exponent_of_two) < 1.0 { &mut low } else { &mut high }) = middle;
        }
        low
    };
    // The growth is tanh(βη)/η = β(1 − (βη)²/3 + …); rounding of r, ε/η.
    let bound = 1e-10 + 16.0 * f64::EPSILON / 1e-5;
    assert_within(threshold(1.0), 1.0, bound); // −β/2 |x − μ|²
    assert_within(threshold(2.0), 0.5, bound); // −β |x − μ|², as printed
    assert_within(merging_stiffness(&x, 2, 1e-5, 5).unwrap(), 1.0, bound);
}

/// On {−1, 1} a sweep from means ±m is the map m → tanh βm, a magnet's. Below β = 1 every start merges, above it ends
/// at the positive root.
///
/// Source: H-41.
#[test]
fn on_two_points_the_sweep_is_a_hyperbolic_tangent() {
    let x = column(&[-1.0, 1.0]);
    for stiffness in [0.5, 1.0, 1.5, 4.0_f64] {
        for m in [1e-3, 0.4, 0.9, 2.0_f64] {
            let next = em::sweep(&line_model(&[-m, m], &[0.5; 2], stiffness, Weights::Held), &x).unwrap();
            // The exponents are at most β(1 + m)²/2 ≤ 18, of ten operations each; two data.
            let bound = gamma(200);
            assert_within(next.means()[1], (stiffness * m).tanh(), bound);
            assert_within(next.means()[0], -(stiffness * m).tanh(), bound);
        }
    }
    let mut model = line_model(&[-2.0, 2.0], &[0.5; 2], 0.8, Weights::Held);
    for sweep in 1..=100 {
        model = em::sweep(&model, &x).unwrap();
        // tanh βm < βm, and the rounding of a sweep dies out as well: γ(200)/(1 − 0.8).
        assert!(spread(model.means()).unwrap() <= 2.0 * 0.8_f64.powi(sweep) + 5.0 * gamma(200));
    }
    let apart = settled(parted(&x, 2, 1.5, 1e-6).unwrap(), &x);
    let m = spread(apart.means()).unwrap();
    // The map contracts by β(1 − m²) = 0.395 there, so a stop at 1e-13 is within 1e-13/0.6 of the root.
    assert_within(m, (1.5 * m).tanh(), 2e-13);
    assert!(m > 0.85 && m < 0.86);
}

/// That means merge below βλ_max = 1 is a statement about merged means. On nine data at 0 and one at 10, means that
/// begin apart stay apart at 0.99 of the critical stiffness; with fitted weights even at 0.7, and there with a higher ℓ
/// than the merged ones.
///
/// Source: H-41.
#[test]
fn lopsided_data_hold_means_apart_below_the_critical_stiffness() {
    let x = column(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0]);
    let critical = critical_stiffness(&x).unwrap();
    assert_within(critical, 1.0 / 9.0, gamma(40));
    for (factor, weights_are) in [(0.99, Weights::Held), (0.7, Weights::Fitted)] {
        let stiffness = factor * critical;
        assert!(parting_growth(&x, 2, stiffness, 1e-4).unwrap() < 1.0);
        let merged = settled(parted(&x, 2, stiffness, 0.1).unwrap(), &x);
        // The growth is 0.99: a last move of 1e-13 leaves less than 1e-11.
        assert!(spread(merged.means()).unwrap() < 1e-10);
        let apart = settled(line_model(&[0.0, 10.0], &[0.5; 2], stiffness, weights_are), &x);
        assert!(spread(apart.means()).unwrap() > 4.0);
        let gain = apart.log_likelihood(&x).unwrap() - merged.log_likelihood(&x).unwrap();
        assert_printed(gain, if weights_are == Weights::Held { "-1.927" } else { "0.470" });
    }
}

/// Two copies of one mean of a mixture move apart by its splitting growth, all others staying; with all means merged
/// this is β over the critical stiffness.
///
/// Source: H-41.
#[test]
fn copies_of_a_mean_part_by_its_own_share_of_the_data() {
    let x = data::standardize(&data::old_faithful()).unwrap();
    let means = dmatrix![-1.2, -1.1; 0.7, 0.7; 0.0, 0.5];
    let even = SoftKMeans::new(means, 2.5, Weights::Held).unwrap();
    let model = even.with_weights(dvector![0.3, 0.5, 0.2]).unwrap();
    let growths = splitting_growths(&model, &x).unwrap();
    let r = model.responsibilities(&x).unwrap();
    for j in 0..3 {
        // The share's covariance by loops.
        let count: f64 = r.column(j).sum();
        let mean: Vec<f64> = (0..2).map(|a| r.column(j).dot(&x.column(a)) / count).collect();
        let share = DMatrix::from_fn(2, 2, |a, b| {
            (0..x.nrows()).map(|i| r[(i, j)] * (x[(i, a)] - mean[a]) * (x[(i, b)] - mean[b])).sum::<f64>()
                / count
        });
        let eigen = share.symmetric_eigen();
        let axis = eigen.eigenvectors.column(eigen.eigenvalues.imax()).transpose();

        let parting = 1e-5;
        let means = DMatrix::from_fn(4, 2, |l, a| match l {
            3 => model.means()[(j, a)] - parting * axis[a],
            _ if l == j => model.means()[(j, a)] + parting * axis[a],
            _ => model.means()[(l, a)],
        });
        let weights = DVector::from_fn(4, |l, _| match l {
            3 => 0.5 * model.weights()[j],
            _ if l == j => 0.5 * model.weights()[j],
            _ => model.weights()[l],
        });
        let copies = SoftKMeans::new(means, model.stiffness(), model.weights_are()).unwrap();
        let copies = copies.with_weights(weights).unwrap();
        let next = em::sweep(&copies, &x).unwrap();
        let apart = (next.means().row(j) - next.means().row(3)).norm() / (2.0 * parting);
        // The copies' shares are r_j(1 ± tanh z)/2 · cosh z e^{…} with |z| ≤ β η M, M < 5: odd in η but for a factor
        // 1 + O(z²), so the error is 4z²M²/λ < 4 · (1.3e-4)² · 25/0.1 < 2e-5; rounding is 300ε · 5/η < 1e-7.
        assert_within(apart / growths[j], 1.0, 2e-5);
    }
    let merged = SoftKMeans::new(DMatrix::zeros(3, 2), 0.7, Weights::Held).unwrap();
    for growth in splitting_growths(&merged, &x).unwrap().iter() {
        assert_within(*growth, 0.7 / critical_stiffness(&x).unwrap(), gamma(3000));
    }
}

/// The start of annealing: places from −1 to 1 along the longest axis, on average at the centre.
///
/// Source: H-41.
#[test]
fn parted_means_lie_along_the_longest_axis() {
    let x = dmatrix![0.0, 0.0; 4.0, 3.0; 8.0, 6.0; 4.0, 3.0];
    let model = parted(&x, 3, 2.0, 0.5).unwrap();
    assert_eq!(*model.weights(), dvector![1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);
    assert_eq!((model.stiffness(), model.weights_are()), (2.0, Weights::Held));
    let step = model.means().row(2) - model.means().row(0);
    // Along (0.8, 0.6), whichever way; the eigenvector of a 2×2 matrix in some twenty operations.
    assert_within(step.norm(), 1.0, gamma(100));
    assert_within((0.8 * step[0] + 0.6 * step[1]).abs(), 1.0, gamma(100));
    assert_within(model.means()[(1, 0)], 4.0, gamma(10) * 4.0);
    assert_within(model.means()[(1, 1)], 3.0, gamma(10) * 4.0);
    assert_within(spread(model.means()).unwrap(), 0.5, gamma(100));
}
