//! The slips of the five lectures, kept runnable: each formula as it is printed.
//!
//! What is right is in the chapters; nothing outside this module uses what is here.

pub mod lecture_b;
pub mod lecture_c;
pub mod lecture_h;
pub mod lecture_l;
pub mod lecture_t;
