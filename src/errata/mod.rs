//! The slips of the five lectures, kept runnable: each formula as it is printed.
//!
//! What is right is in the chapters; nothing outside this module uses what is here. A slip that is no formula but a
//! claim, or only needs a word, has no function here: it shows on calls of the chapters' own.

pub mod lecture_b;
pub mod lecture_c;
pub mod lecture_h;
pub mod lecture_l;
pub mod lecture_t;
