//! As printed in tutorial 10 of CS 236756.
