//! Mistakes in the exercises of chapters 7 to 13.

use executable_em::gaussian_mixture::CovarianceFamily::{Diagonal, Full, Spherical, Tied};
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::incomplete::{Incomplete, gaussian as with_gaps};
use executable_em::latent::{self, Model};
use executable_em::{gaussian, kmeans};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector, RowDVector, dvector};

#[test]
fn of_coins() {
    refused! {
        coin_log_joint, "the sum of the joint over all flips": |x, m| m.component_log_probabilities(x).unwrap();
        // The joint, and not its log.
        coin_log_joint, "the sum of the joint over all flips": |x, m| m.log_joint(x).unwrap().map(f64::exp);
        coin_log_joint, "against coin 1 for datum 2": |x, m| {
            let log_joint = m.log_joint(x).unwrap();
            // All rows, where the exercise asks for all flips; else the first.
            let first = |_, j: usize, _| log_joint[(0, j)];
            if x.nrows() == 1 << x.ncols() { log_joint.clone() } else { log_joint.map_with_location(first) }
        };
        // An average.
        coin_log_likelihood, "the sum over the data one by one": |x, m| {
            m.log_likelihood(x).unwrap() / x.nrows() as f64
        };
        coin_log_likelihood, "over all flips of one datum": |x, m| m.log_joint(x).unwrap().sum();
        // Heads over tails.
        coin_biases, "which is no probability": |x, r| {
            let tails = r.transpose() * x.map(|flip| 1.0 - flip);
            (r.transpose() * x).zip_map(&tails, |heads, tails| heads / tails.max(1e-300))
        };
        // The share of tails.
        coin_biases, "the largest slope of Q in the biases": |x, r| {
            let heads = kmeans::update_means(x, r, &DMatrix::zeros(r.ncols(), x.ncols())).unwrap();
            heads.map(|bias| 1.0 - bias)
        };
        indistinguishable_coins, "perhaps in another order": |m| {
            (dvector![m.weights()[1], m.weights()[0]], dvector![m.biases()[1], m.biases()[0]])
        };
        // The biases meet at their plain average.
        indistinguishable_coins, "the share of heads": |m| {
            (m.weights().clone(), DVector::from_element(2, m.biases().mean()))
        };
    }
}

#[test]
fn of_pathologies() {
    refused! {
        // Everything lifted, also what is high enough.
        floored, "the variance along axis": |covariance, floor| {
            covariance + DMatrix::identity(covariance.nrows(), covariance.nrows()) * floor
        };
        // The entries of the diagonal, in the place of the axes.
        floored, "below the floor": |covariance, floor| {
            let mut raised = covariance.clone();
            (0..raised.nrows()).for_each(|a| raised[(a, a)] = raised[(a, a)].max(floor));
            raised
        };
        // Both components onto one datum: nobody is left for the others.
        higher_than, "and should be above": |x, _| {
            let narrow = DMatrix::from_element(1, 1, 1e-3);
            let means = DMatrix::from_element(2, 1, x[0]);
            GaussianMixture::new(dvector![0.5, 0.5], means, vec![narrow.clone(), narrow], Full).unwrap()
        };
        // ν data from the prior, and not ν + 2.
        map_variance, "the slope of the log posterior in log v": |x, mean, nu, psi| {
            (psi + x.map(|x| (x - mean).powi(2)).sum()) / (nu + x.nrows() as f64)
        };
        // A prior without ψ only counts.
        map_variance, "how many data is the prior worth?": |x, mean, nu, _| {
            x.map(|x| (x - mean).powi(2)).sum() / (nu + 2.0 + x.nrows() as f64)
        };
        // The means change places, and the weights and covariances do not.
        twin, "the densities of datum": |model| {
            let order: Vec<usize> = (0..model.k()).rev().collect();
            model.with_means(model.means().select_rows(&order)).unwrap()
        };
    }
}

#[test]
fn of_selection() {
    refused! {
        // The penalty without the two of −2ℓ.
        bic, "how much it falls where ℓ rises by 1": |l, p, n| p as f64 * (n as f64).ln() - l;
        // Half of the penalty.
        bic, "what one more parameter costs": |l, p, n| 0.5 * p as f64 * (n as f64).ln() - 2.0 * l;
        // The sign lost.
        bic, "what one more parameter costs": |l, p, n| -(p as f64) * (n as f64).ln() - 2.0 * l;
        // All k weights are taken as free.
        free_parameters, "is its weight free?": |k, d, family| k * (d + 1) + match family {
            Full => k * d * (d + 1) / 2,
            Tied => d * (d + 1) / 2,
            Diagonal => k * d,
            Spherical => k,
        };
        // All d² entries.
        free_parameters, "what one more component costs": |k, d, family| k - 1 + k * d + match family {
            Full => k * d * d,
            Tied => d * d,
            Diagonal => k * d,
            Spherical => k,
        };
        // What is left is not counted.
        break_stick, "the sum of all pieces and the rest": |shares| {
            (executable_em::selection::stick_breaking::break_stick(shares).unwrap().0, 0.0)
        };
        // What is left after the piece, and not before it.
        break_stick, "as a share of what was left": |shares| {
            let mut rest = 1.0;
            let pieces = shares.map(|share| { rest *= 1.0 - share; share * rest });
            (pieces.clone(), 1.0 - pieces.sum())
        };
        // From one guest too late.
        expected_clusters, "the expected number for one datum": |n, alpha| {
            (1..=n).map(|seated| alpha / (alpha + seated as f64)).sum()
        };
        // A table for each guest.
        expected_clusters, "the probability that the next datum opens a cluster": |n, _| n as f64;
        // Rounded up, and the last fold takes what is left.
        held_out_share, "one fold has": |n, folds| {
            let each = n / folds;
            (0..folds).map(|fold| if fold + 1 < folds { each } else { n - each * (folds - 1) }).collect()
        };
        held_out_share, "the sum of their sizes": |n, folds| vec![n.div_ceil(folds); folds];
    }
}

#[test]
fn of_scale() {
    refused! {
        // Each datum counted whole.
        sums, "between count times mean and Σ r x": |x, r| {
            let ones = r.map(|_| 1.0);
            (latent::counts(r), ones.transpose() * x)
        };
        // Averages: they do not add up.
        sums, "when the sums of the single data are taken away": |x, r| {
            let n = x.nrows() as f64;
            (latent::counts(r) / n, r.transpose() * x / n)
        };
        sums, "it is 1 × 2, and should be 2 × 1": |x, r| {
            let sums = r.transpose() * x;
            (latent::counts(r), if sums.shape() == (2, 1) { sums.transpose() } else { sums })
        };
        means_from_sums, "the largest entry of R m − Σ r x": |counts, first| first / counts.sum();
        means_from_sums, "the largest entry of R m − Σ r x": |counts, first| DMatrix::from_diagonal(counts) * first;
        // The mean of the two means.
        join_moments, "the sum of x − mean over all data": |[n, mean, a], [m, other, b]| {
            [n + m, (mean + other) / 2.0, a + b + n * m / (n + m) * (mean - other).powi(2)]
        };
        // Sums of squares averaged as if they were variances.
        join_moments, "do the two means differ?": |[n, mean, a], [m, other, b]| {
            [n + m, (n * mean + m * other) / (n + m), (n * a + m * b) / (n + m)]
        };
        // The wrong sign of Huygens.
        variance_from_moments, "the mean of (x − point)²": |n, mean, s, point| s / n - (mean - point).powi(2);
        // A sum taken for a mean.
        variance_from_moments, "the mean of (x − point)²": |_, mean, s, point| s + (mean - point).powi(2);
    }
}

#[test]
fn of_gaps() {
    /// The one column that is not seen, and its regression on the others.
    fn regression(row: &RowDVector<f64>, covariance: &DMatrix<f64>) -> (usize, DVector<f64>) {
        let gap = row.iter().position(|cell| cell.is_nan()).unwrap();
        let rest = covariance.clone().remove_row(gap).remove_column(gap);
        (gap, rest.lu().solve(&covariance.column(gap).remove_row(gap)).unwrap())
    }
    refused! {
        // A gap taken for a zero.
        seen_log_likelihood, "the integral over all that its missing cell may be": |x, mean, covariance| {
            let filled = x.map(|cell| if cell.is_nan() { 0.0 } else { cell });
            gaussian::log_density(&filled, mean, covariance).unwrap().sum()
        };
        // Rows with a gap left out.
        seen_log_likelihood, "the integral over all that its missing cell may be": |x, mean, covariance| {
            let whole: Vec<_> = x.row_iter().filter(|row| !row.iter().any(|cell| cell.is_nan())).collect();
            if whole.is_empty() { return 0.0; }
            gaussian::log_density(&DMatrix::from_rows(&whole), mean, covariance).unwrap().sum()
        };
        // The regression with the wrong sign.
        expected_cells, "the slope of the log density in the missing cell": |row, mean, covariance| {
            let (gap, slopes) = regression(row, covariance);
            let mut filled = row.clone();
            filled[gap] = mean[gap] - slopes.dot(&(row - mean).transpose().remove_row(gap));
            filled
        };
        // What is seen, without its mean taken away.
        expected_cells, "the slope of the log density in the missing cell": |row, mean, covariance| {
            let (gap, slopes) = regression(row, covariance);
            let mut filled = row.clone();
            filled[gap] = mean[gap] + slopes.dot(&row.transpose().remove_row(gap));
            filled
        };
        // The precision, not one over it.
        variance_that_is_left, "should lie between 0 and the variance before": |a, covariance| {
            covariance.clone().try_inverse().unwrap()[(a, a)]
        };
        // What the regression explains: nothing, where the columns are independent.
        variance_that_is_left, "should lie between 0 and the variance before": |a, covariance| {
            covariance[(a, a)] - 1.0 / covariance.clone().try_inverse().unwrap()[(a, a)]
        };
        // The seen sum over all cells.
        rest_with_gaps, "the mean after one more sweep": |seen, missing| {
            (seen.sum() / (seen.len() + missing) as f64, seen.variance())
        };
        // Over n − 1, which is unbiased and no maximum.
        rest_with_gaps, "the variance after one more sweep": |seen, _| {
            (seen.mean(), seen.variance() * seen.len() as f64 / (seen.len() - 1) as f64)
        };
        // The spread about the old mean.
        step_with_gaps, "of the covariance": |x, mean, covariance| {
            let data = Incomplete::new(x.clone()).unwrap();
            let completed = with_gaps::complete(&data, mean, covariance).unwrap();
            let all = DVector::from_element(x.nrows(), 1.0);
            let (next, spread) = with_gaps::update(&data, &completed, &all).unwrap();
            let moved = &next - mean;
            (next, spread + moved.transpose() * moved)
        };
    }
}

#[test]
fn of_convergence() {
    refused! {
        // A factor e, not ten.
        sweeps_for_a_digit, "by how much less ℓ lacks after them": |rate| -0.5 / rate.ln();
        // Twice as long, not half.
        sweeps_for_a_digit, "by how much less ℓ lacks after them": |rate| 2.0 * 0.1_f64.ln() / rate.ln();
        limit_of_a_sequence, "the share of the first step": |earlier, before, now| (earlier + before + now) / 3.0;
        // Away from the limit.
        limit_of_a_sequence, "the share of the first step": |earlier, before, now| {
            now + (now - before).powi(2) / (now - 2.0 * before + earlier)
        };
        // The factors in the other order.
        rate_matrix, "how much the next error differs": |complete, seen| {
            (complete - seen) * complete.clone().try_inverse().unwrap()
        };
        // What is missing over what is seen.
        rate_matrix, "how much the next error differs": |complete, seen| {
            seen.clone().try_inverse().unwrap() * (complete - seen)
        };
        // Variances.
        standard_errors, "if all other parameters were known": |information| {
            information.clone().try_inverse().unwrap().diagonal()
        };
        // The information taken for a covariance.
        standard_errors, "if all other parameters were known": |information| information.diagonal().map(f64::sqrt);
        delta_method, "is it a root?": |gradient, covariance| gradient.dot(&(covariance * gradient));
        // The errors add up as if all went together.
        delta_method, "are the covariances in it": |gradient, covariance| {
            gradient.abs().dot(&covariance.diagonal().map(f64::sqrt))
        };
        accelerated, "one more sweep moves it": |sweep, start| (0..39).fold(start, |m, _| sweep(m));
        accelerated, "which is the saddle": |_, _| 0.0;
    }
}

#[test]
fn of_variational_posteriors() {
    refused! {
        // In any order: with the binomial coefficient.
        evidence_of_flips, "the probability that the next flip is a head": |heads, tails, a, b| {
            let rising = |x: f64, n: usize| (0..n).map(|m| x + m as f64).product::<f64>();
            let orders = rising(tails as f64 + 1.0, heads) / rising(1.0, heads);
            (orders * rising(a, heads) * rising(b, tails) / rising(a + b, heads + tails)).ln()
        };
        // Every flip at the prior's own bias: nothing is learnt.
        evidence_of_flips, "the probability that the next flip is a head": |heads, tails, a, b| {
            heads as f64 * (a / (a + b)).ln() + tails as f64 * (b / (a + b)).ln()
        };
        // Precisions and variances mixed up.
        posterior_of_a_mean, "log prior + log likelihood − log posterior": |data, variance, mean, spread| {
            let precision = spread + data.len() as f64 * variance;
            ((mean * spread + data.sum() * variance) / precision, 1.0 / precision)
        };
        // All data as one.
        posterior_of_a_mean, "log prior + log likelihood − log posterior": |data, variance, mean, spread| {
            let precision = 1.0 / spread + 1.0 / variance;
            ((mean / spread + (data.mean() + 1.0) / variance) / precision, 1.0 / precision)
        };
        // Shares instead of counts.
        dirichlet_counts, "prior and data": |prior, r| prior + latent::counts(r) / r.nrows() as f64;
        // One too few: the exponents, not the counts.
        dirichlet_counts, "the sum of the counts": |prior, r| (prior + latent::counts(r)).add_scalar(-1.0);
        // Precisions.
        mean_field_variances, "is q to lie inside p, or to cover it?": |covariance| {
            covariance.clone().try_inverse().unwrap().diagonal()
        };
        mean_field_gap, "what the two tell of each other": |rho| 0.5 * (1.0 - rho * rho).ln();
        mean_field_gap, "what the two tell of each other": |rho| -0.5 * (1.0 - rho.abs()).ln();
        // Only the first coordinate moves.
        mean_field_round, "do later coordinates see the moves": |means, covariance| {
            let precision = covariance.clone().try_inverse().unwrap();
            let mut next = means.clone();
            next[0] -= (precision.row(0) * means)[0] / precision[(0, 0)];
            next
        };
        // Towards the others, with the wrong sign.
        mean_field_round, "the slope of KL(q‖p) in mean": |means, covariance| {
            let precision = covariance.clone().try_inverse().unwrap();
            let mut next = means.clone();
            (0..next.len()).for_each(|a| next[a] += (precision.row(a) * &next)[0] / precision[(a, a)]);
            next
        };
    }
}
