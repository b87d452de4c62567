//! Requests on blocking connections of the calling thread.

mod decode;
mod encode;
mod signing;

#[cfg(test)]
mod sdk_way;
