//! Each erratum on the data that decide it: what is printed fails, what is right holds.

#[path = "../common/mod.rs"]
mod common;

mod lecture_b;
mod lecture_c;
mod lecture_h;
mod lecture_l;
mod lecture_t;
