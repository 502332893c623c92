//! The figures of the chapter on choosing the number of components.
