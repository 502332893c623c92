//! As printed in lecture 13, Gaussian mixture models.
