//! The slips, which run as printed.

use crate::calls;
use executable_em::errata::{lecture_b, lecture_c, lecture_h, lecture_l, lecture_t};

calls! { p;
    "errata::lecture_b::log_density_with_the_normaliser_of_the_line" =>
        lecture_b::log_density_with_the_normaliser_of_the_line(&p.x(), &p.mean(), &p.covariance()),
    "errata::lecture_b::log_likelihood_with_a_free_index" =>
        lecture_b::log_likelihood_with_a_free_index(&p.gaussians(), &p.x(), p.component()),
    "errata::lecture_b::density_at_the_mean_on_the_line" =>
        lecture_b::density_at_the_mean_on_the_line(p.positive()),
    "errata::lecture_b::loss_without_the_half" =>
        lecture_b::loss_without_the_half(&p.gaussians(), &p.x(), &p.r()),
    "errata::lecture_b::score_in_means_of_the_second_line" =>
        lecture_b::score_in_means_of_the_second_line(&p.gaussians(), &p.x()),
    "errata::lecture_b::spiral" => lecture_b::spiral(p.count() as u32),
    "errata::lecture_b::responsibilities_with_a_free_index" =>
        lecture_b::responsibilities_with_a_free_index(&p.r(), p.component()),
    "errata::lecture_b::probability_of_a_member" =>
        lecture_b::probability_of_a_member(p.share(), p.count() as u32),
    "errata::lecture_b::risk_with_one_label_for_all" =>
        lecture_b::risk_with_one_label_for_all(&p.x(), &p.means(), p.component()),
    "errata::lecture_c::covariances_about_the_old_means" =>
        lecture_c::covariances_about_the_old_means(&p.gaussians(), &p.x()),
    "errata::lecture_c::expected_log_joint_with_a_free_label" =>
        lecture_c::expected_log_joint_with_a_free_label(&p.r(), &p.log_joint(), &p.labels()),
    "errata::lecture_c::lower_bound_with_the_sign_lost" =>
        lecture_c::lower_bound_with_the_sign_lost(&p.r(), &p.log_joint()),
    "errata::lecture_h::derivatives::mean_score_with_the_sign_reversed" =>
        lecture_h::mean_score_with_the_sign_reversed(&p.gaussians(), &p.x()),
    "errata::lecture_h::derivatives::covariance_score_with_the_sign_reversed" =>
        lecture_h::covariance_score_with_the_sign_reversed(&p.gaussians(), &p.x()),
    "errata::lecture_h::derivatives::covariance_score_with_a_borrowed_precision" =>
        lecture_h::covariance_score_with_a_borrowed_precision(&p.gaussians(), &p.x(), p.component(), p.component()),
    "errata::lecture_h::derivatives::weight_score_with_the_constraint_outside" =>
        lecture_h::weight_score_with_the_constraint_outside(&p.gaussians(), &p.x(), p.number()),
    "errata::lecture_h::responsibilities_without_the_half" =>
        lecture_h::responsibilities_without_the_half(&p.soft(), &p.x()),
    "errata::lecture_h::responsibilities_with_counts_for_weights" =>
        lecture_h::responsibilities_with_counts_for_weights(&p.soft(), &p.x(), &p.counts()),
    "errata::lecture_h::responsibilities_with_a_shared_index" =>
        lecture_h::responsibilities_with_a_shared_index(&p.log_joint()),
    "errata::lecture_h::log_conditional_with_the_weights" =>
        lecture_h::log_conditional_with_the_weights(&p.log_joint(), &p.labels()),
    "errata::lecture_h::means_by_a_product" => lecture_h::means_by_a_product(&p.x(), &p.r()),
    "errata::lecture_h::counts_along_the_wrong_axis" => lecture_h::counts_along_the_wrong_axis(&p.r()),
    "errata::lecture_h::expected_log_joint_unfrozen" => lecture_h::expected_log_joint_unfrozen(&p.log_joint()),
    "errata::lecture_l::log_density_without_the_dimension" =>
        lecture_l::log_density_without_the_dimension(&p.x(), &p.mean(), p.positive()),
    "errata::lecture_l::expected_log_joint_without_the_dimension" =>
        lecture_l::expected_log_joint_without_the_dimension(&p.x(), &p.r(), &p.weights(), &p.means(), &p.variances()),
    "errata::lecture_l::variance_score_without_the_dimension" =>
        lecture_l::variance_score_without_the_dimension(&p.x(), &p.r(), &p.means(), &p.variances()),
    "errata::lecture_l::variances_without_the_dimension" =>
        lecture_l::variances_without_the_dimension(&p.x(), &p.r(), &p.means()),
    "errata::lecture_l::sweep_without_the_dimension" =>
        lecture_l::sweep_without_the_dimension(&p.gaussians(), &p.x()),
    "errata::lecture_l::most_probable_labels" => lecture_l::most_probable_labels(&p.log_joint()),
    "errata::lecture_l::sweep_with_hard_labels" => lecture_l::sweep_with_hard_labels(&p.gaussians(), &p.x()),
    "errata::lecture_l::expected_log_joint_with_a_shared_index" =>
        lecture_l::expected_log_joint_with_a_shared_index(&p.log_joint()),
    "errata::lecture_t::expected_log_joint_with_one_theta" =>
        lecture_t::expected_log_joint_with_one_theta(&p.log_joint()),
    "errata::lecture_t::complete_log_likelihood_with_a_free_index" =>
        lecture_t::complete_log_likelihood_with_a_free_index(&p.log_joint(), p.component()),
    "errata::lecture_t::log_likelihood_of_one_draw_for_all" =>
        lecture_t::log_likelihood_of_one_draw_for_all(&p.weights(), &p.log_joint()),
    "errata::lecture_t::assign_by_difference" => lecture_t::assign_by_difference(&p.x(), &p.means()),
    "errata::lecture_t::posterior_sums_with_a_free_index" =>
        lecture_t::posterior_sums_with_a_free_index(&p.log_joint(), p.component()),
    "errata::lecture_t::residual_form_derivative_of_a_symmetric_form" => {
        let mean = p.mean().transpose();
        lecture_t::residual_form_derivative_of_a_symmetric_form(&p.values(), &p.x(), &p.square(), &mean)
    },
    "errata::lecture_t::q_without_brackets" => lecture_t::q_without_brackets(&p.coins(), &p.heads(), &p.r()),
}
