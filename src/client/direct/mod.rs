//! Requests on blocking connections of the calling thread.

mod signing;
