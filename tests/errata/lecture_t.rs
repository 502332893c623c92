//! What decides the errata of tutorial 10 of CS 236756.
