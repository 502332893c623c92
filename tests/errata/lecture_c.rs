//! What decides the errata of lecture 23 of COMP90051.
