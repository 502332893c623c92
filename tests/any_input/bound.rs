//! The bound.

use crate::calls;
use executable_em::bound::{self, ascent, continuous, correlated, jensen};

calls! { p;
    "bound::entropy" => bound::entropy(&p.r()),
    "bound::kl_divergence" => bound::kl_divergence(&p.r(), &p.r()),
    "bound::lower_bound" => bound::lower_bound(&p.r(), &p.log_joint()),
    "bound::gap" => bound::gap(&p.r(), &p.log_joint()),
    "bound::integrand" => bound::integrand(&p.r(), &p.log_joint()),
    "bound::ascent::coordinate_ascent" =>
        ascent::coordinate_ascent(&p.gaussians(), &p.x(), &p.r(), p.steps()),
    "bound::ascent::rises" => ascent::rises(&p.log_joint(), &p.log_joint()),
    "bound::ascent::along" => ascent::along(&[p.gaussians(), p.gaussians()], &p.x(), &p.r()),
    "bound::continuous::entropy" => continuous::entropy(p.count(), p.positive()),
    "bound::continuous::posterior" => continuous::posterior(&p.values(), p.positive()),
    "bound::continuous::log_likelihood" => continuous::log_likelihood(&p.values(), p.positive()),
    "bound::continuous::expected_log_joint" =>
        continuous::expected_log_joint(&p.values(), p.positive(), &p.values(), p.positive()),
    "bound::correlated::factorised" => correlated::factorised(&p.r()),
    "bound::correlated::entropy" => correlated::entropy(&p.over_labelings()),
    "bound::correlated::lower_bound" => correlated::lower_bound(&p.over_labelings(), &p.log_joint()),
    "bound::correlated::gap" => correlated::gap(&p.over_labelings(), &p.log_joint()),
    "bound::correlated::log_expected_ratio" =>
        correlated::log_expected_ratio(&p.over_labelings(), &p.log_joint()),
    "bound::jensen::gap" => jensen::gap(|x| x * x, &p.weights(), &p.counts()),
    "bound::jensen::merge_first_two" => jensen::merge_first_two(&p.weights(), &p.counts()),
    "bound::jensen::above_supporting_line" =>
        jensen::above_supporting_line(|x| x * x, p.number(), p.number(), &p.values()),
}
