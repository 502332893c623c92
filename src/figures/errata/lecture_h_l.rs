//! Lectures H and L.
