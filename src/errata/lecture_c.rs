//! As printed in lecture 23 of COMP90051.
