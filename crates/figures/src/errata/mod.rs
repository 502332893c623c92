//! The errata that a picture proves.

pub(super) mod lecture_c_b_t;
pub(super) mod lecture_h_l;
