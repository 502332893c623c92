//! Chapter 12: how fast EM converges, how sure its answer is, and how to be there sooner.

use executable_em::convergence::errors;
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};

right! {
    sweeps_for_a_digit:
        |rate| 0.1_f64.ln() / (2.0 * rate.ln()),
        |rate| -0.5 * std::f64::consts::LN_10 / rate.ln(),
        |rate| 1.0 / -(rate * rate).log10(),
        |rate| {
            // Half of what a digit of θ takes.
            0.1_f64.log(rate) / 2.0
        },
        |rate| {
            // Bisection for when ρ^2t is a tenth.
            let (mut low, mut high) = (0.0, 1e6);
            for _ in 0..200 {
                let middle: f64 = (low + high) / 2.0;
                if rate.powf(2.0 * middle) > 0.1 { low = middle } else { high = middle }
            }
            high
        };
    limit_of_a_sequence:
        |earlier, before, now| {
            let rate = (now - before) / (before - earlier);
            now + (now - before) * rate / (1.0 - rate)
        },
        |earlier, before, now| now - (now - before).powi(2) / (now - 2.0 * before + earlier),
        |earlier, before, now| (earlier * now - before * before) / (earlier - 2.0 * before + now),
        |earlier, before, now| {
            // The whole series from the first number.
            let (step, rate) = (before - earlier, (now - before) / (before - earlier));
            earlier + step / (1.0 - rate)
        },
        |earlier, before, now| {
            // Step after step, each shorter by the same share, until none is left.
            let (mut at, mut step) = (now, now - before);
            let rate = step / (before - earlier);
            while step.abs() > 1e-15 {
                step *= rate;
                at += step;
            }
            at
        };
    rate_matrix:
        |complete, seen| complete.clone().try_inverse().unwrap() * (complete - seen),
        |complete, seen| DMatrix::identity(seen.nrows(), seen.nrows()) - complete.clone().lu().solve(seen).unwrap(),
        |complete, seen| complete.clone().cholesky().unwrap().solve(&(complete - seen)),
        |complete, seen| {
            // In units in which the complete information is the identity: L⁻ᵀ (I − L⁻¹ S L⁻ᵀ) Lᵀ.
            let root = complete.clone().cholesky().unwrap().l();
            let inverse = root.clone().try_inverse().unwrap();
            let unit = DMatrix::identity(seen.nrows(), seen.nrows());
            inverse.transpose() * (unit - &inverse * seen * inverse.transpose()) * root.transpose()
        },
        |complete, seen| {
            // Column by column: where a sweep takes an error of one unit.
            let mut map = DMatrix::identity(seen.nrows(), seen.nrows());
            for a in 0..seen.nrows() {
                let step = complete.clone().qr().solve(&seen.column(a)).unwrap();
                map.set_column(a, &(map.column(a) - step));
            }
            map
        },
        |complete, seen| {
            // Along the axes of the complete information.
            let eigen = complete.clone().symmetric_eigen();
            let u = &eigen.eigenvectors;
            u * DMatrix::from_diagonal(&eigen.eigenvalues.map(f64::recip)) * u.transpose() * (complete - seen)
        };
    standard_errors:
        |information| information.clone().try_inverse().unwrap().diagonal().map(f64::sqrt),
        |information| information.clone().cholesky().unwrap().inverse().diagonal().map(f64::sqrt),
        |information| DVector::from_fn(information.nrows(), |a, _| {
            let others = information.clone().remove_row(a).remove_column(a);
            (others.determinant() / information.determinant()).sqrt()
        }),
        |information| {
            // Variances along the axes, turned back.
            let eigen = information.clone().symmetric_eigen();
            let squares = eigen.eigenvectors.map(|entry| entry * entry);
            (squares * eigen.eigenvalues.map(f64::recip)).map(f64::sqrt)
        },
        |information| {
            // The length of each column of L⁻¹.
            let root = information.clone().cholesky().unwrap().l();
            let unit = DMatrix::identity(root.nrows(), root.nrows());
            let inverse = root.solve_lower_triangular(&unit).unwrap();
            DVector::from_fn(root.nrows(), |a, _| inverse.column(a).norm())
        },
        |information| DVector::from_fn(information.nrows(), |a, _| {
            // What is known of one parameter once all others have been fitted: a Schur complement.
            let others = (0..information.nrows()).filter(|&b| b != a);
            let left = others.fold(information.clone(), |left, b| &left - left.column(b) * left.row(b) / left[(b, b)]);
            left[(a, a)].sqrt().recip()
        });
    delta_method:
        |gradient, covariance| errors::delta_method(gradient, covariance).unwrap(),
        |gradient, covariance| (gradient.transpose() * covariance * gradient)[0].sqrt(),
        |gradient, covariance| (covariance.clone().cholesky().unwrap().l().transpose() * gradient).norm(),
        |gradient, covariance| {
            let mut variance = 0.0;
            for a in 0..gradient.len() {
                variance += gradient[a].powi(2) * covariance[(a, a)];
                for b in 0..a {
                    variance += 2.0 * gradient[a] * gradient[b] * covariance[(a, b)];
                }
            }
            variance.sqrt()
        },
        |gradient, covariance| {
            let eigen = covariance.clone().symmetric_eigen();
            let along = eigen.eigenvectors.transpose() * gradient;
            along.component_mul(&eigen.eigenvalues.map(f64::sqrt)).norm()
        },
        |gradient, covariance| {
            // The determinant lemma: |I + Cggᵀ| = 1 + gᵀCg.
            let unit = DMatrix::identity(gradient.len(), gradient.len());
            ((unit + covariance * gradient * gradient.transpose()).determinant() - 1.0).sqrt()
        };
    accelerated:
        |sweep, start| (0..15).fold(start, |m, _| {
            // Steffensen: Aitken's limit of two sweeps is the next start.
            let once = sweep(m);
            let twice = sweep(once);
            let bend = twice - 2.0 * once + m;
            if bend.abs() < 1e-14 { twice } else { m - (once - m).powi(2) / bend }
        }),
        |sweep, _| {
            // Bisection: below the fixed point a sweep goes up, above it down.
            let (mut low, mut high) = (0.01, 1.0);
            for _ in 0..38 {
                let middle = (low + high) / 2.0;
                if sweep(middle) > middle { low = middle } else { high = middle }
            }
            low
        },
        |sweep, start| {
            // The secant method on what a sweep moves.
            let moves = |m: f64| sweep(m) - m;
            let (mut before, mut at) = (1.0, start);
            let (mut moved_before, mut moved) = (moves(before), moves(at));
            for _ in 0..30 {
                if (moved - moved_before).abs() < 1e-16 {
                    break;
                }
                let next = at - moved * (at - before) / (moved - moved_before);
                (before, moved_before) = (at, moved);
                (at, moved) = (next, moves(next));
            }
            at
        },
        |sweep, start| (0..13).fold(start, |m, _| {
            // Newton, with the slope of the sweep by a difference.
            let (h, here) = (1e-6, sweep(m));
            let rate = (sweep(m + h) - sweep(m - h)) / (2.0 * h);
            m - (here - m) / (rate - 1.0)
        }),
        |sweep, start| (0..13).fold(start, |m, _| {
            // SQUAREM: as far as the moves of two sweeps tell, and one sweep more to settle.
            let once = sweep(m);
            let (move_once, bend) = (once - m, sweep(once) - 2.0 * once + m);
            if bend.abs() < 1e-14 {
                return once;
            }
            let length = move_once.abs() / bend.abs();
            sweep(m + 2.0 * length * move_once + length * length * bend)
        });
}
