//! How many components: criteria, held-out data, and sticks that break for ever.
