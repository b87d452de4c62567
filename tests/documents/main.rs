//! What the documents and the code say of each other.

mod floors;
