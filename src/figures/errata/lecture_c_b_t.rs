//! Lectures C, B and T.
