//! Walking: which files of the given paths are looked at.
