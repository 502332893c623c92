//! As printed in the web note after Bishop.
