//! The figures of the chapter on Bernoulli mixtures.
