//! Mixtures of coins: a hidden coin is drawn and flipped.
