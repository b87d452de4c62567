//! The one type of the AWS SDK's that a configuration holds: whoever has a client configuration of his own hands it in.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// Makes the AWS client's configuration, once in each process that uses the store. An HTTP client is added where it has none.
#[derive(Clone)]
pub struct ClientFactory {
    pub(crate) make: Arc<dyn Fn() -> aws_sdk_dynamodb::config::Builder + Send + Sync>,
    /// Tells factories apart: clones are equal, all others are not. An address could come back.
    number: u64,
}

impl ClientFactory {
    /// Wraps `factory`, which must not hand out anything that lives in one process only, such as a connected client.
    pub fn new(factory: impl Fn() -> aws_sdk_dynamodb::config::Builder + Send + Sync + 'static) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        ClientFactory {
            make: Arc::new(factory),
            number: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    pub(crate) fn identity(&self) -> u64 {
        self.number
    }
}

impl fmt::Debug for ClientFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientFactory(..)")
    }
}
