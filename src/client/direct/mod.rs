//! Requests sent on blocking connections by the thread that calls.

mod connection;
mod pool;
mod response;
mod tls;
