//! What the lessons ask for is there.
