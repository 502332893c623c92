//! The one function that a browser calls.

// What the macro writes around it hands strings across by their addresses.
#![allow(unsafe_code)]

use wasm_bindgen::prelude::wasm_bindgen;

/// See [`answer`](crate::answer).
#[wasm_bindgen]
pub fn answer(question: &str) -> String {
    crate::answer(question)
}
