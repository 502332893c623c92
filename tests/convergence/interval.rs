//! Intervals hold what they must.

use crate::common::seed;
use executable_em::convergence::interval::Interval;
use executable_em::data;
use rand::RngExt;

/// An interval and a number in it.
fn pair(rng: &mut data::Rng) -> (Interval, f64) {
    let size = 10_f64.powf(rng.random_range(-6.0..6.0));
    let (a, b) = (rng.random_range(-size..size), rng.random_range(-size..size));
    let interval = Interval::new(a.min(b), a.max(b));
    let inside = interval.low() + rng.random::<f64>() * (interval.high() - interval.low());
    (interval, inside.clamp(interval.low(), interval.high()))
}

/// whatever numbers are taken from the operands, their exact result lies in the interval: for sums and products
/// told by the error-free transformations of Knuth and Dekker, by fma.
#[test]
fn every_result_lies_inside() {
    let mut rng = data::rng(seed() + 1);
    let mut compared = 0;
    for _ in 0..4000 {
        let ((x, a), (y, b)) = (pair(&mut rng), pair(&mut rng));
        // The exact sum is sum + rest, the exact product is product + rest.
        let sum = a + b;
        let part = sum - a;
        let rest = (a - (sum - part)) + (b - part);
        assert!(holds(x + y, sum, rest), "{a} + {b}");
        let product = a * b;
        assert!(holds(x * y, product, a.mul_add(b, -product)), "{a} · {b}");
        assert!((x - y).contains(a - b) && (-x).contains(-a));
        assert!(x.square().contains(a * a) && x.square().low() >= 0.0);
        if !y.contains(0.0) {
            assert!((x / y).contains(a / b));
            assert!(((x / y) * y).contains(a));
            compared += 1;
        }
        if x.magnitude() < 700.0 {
            assert!(x.exp().contains(a.exp()));
        }
        if x.low() > 0.0 {
            assert!(x.ln().contains(a.ln()));
            assert!(x.ln().exp().contains(a));
        }
    }
    assert!(compared > 1000, "{compared}");
}

/// Whether `value` + `rest` lies inside, `rest` being less than half a step.
fn holds(interval: Interval, value: f64, rest: f64) -> bool {
    let above = interval.low() < value || (interval.low() == value && rest >= 0.0);
    let below = value < interval.high() || (value == interval.high() && rest <= 0.0);
    above && below
}

/// where nothing is known, everything is possible.
#[test]
fn what_is_undefined_is_everything() {
    let around = Interval::new(-1.0, 1.0);
    assert_eq!(Interval::point(1.0) / around, Interval::ALL);
    assert_eq!(around.ln(), Interval::ALL);
    assert_eq!(Interval::point(f64::NAN), Interval::ALL);
    assert_eq!(Interval::new(2.0, 1.0), Interval::ALL);
    let infinite = Interval::point(f64::INFINITY);
    assert_eq!(infinite - infinite, Interval::ALL);
    assert!(Interval::new(0.1, 0.2).is_inside(Interval::new(0.0, 1.0)));
    assert!(!Interval::new(0.0, 0.2).is_inside(Interval::new(0.0, 1.0)));
    assert_eq!(Interval::new(1.0, 3.0).middle(), 2.0);
    assert!((Interval::new(1.0, 3.0).width() - 2.0).abs() < 1e-15);
    // As narrow as may be: two steps for a product of points.
    assert!((Interval::point(3.0) * Interval::point(7.0)).width() < 1e-14);
}
