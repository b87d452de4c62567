//! Requests sent on blocking connections by the thread that calls.
