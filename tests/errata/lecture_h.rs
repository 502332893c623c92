//! What decides the errata of lecture 22 of Probabilistic Machine Learning.
