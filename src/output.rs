//! Output: one file per format; every format reads the same finished report.
