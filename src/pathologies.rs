//! What goes wrong with a mixture's likelihood, and what is done about it.
