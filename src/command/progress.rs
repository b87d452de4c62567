//! STUB: how far something has come, on a terminal.
