//! What decides the errata of lecture 13, Gaussian mixture models.
