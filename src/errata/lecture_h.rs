//! As printed in lecture 22 of Probabilistic Machine Learning.
