//! What decides the errata of the web note after Bishop.
