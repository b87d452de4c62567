//! Parameters that a request can do without, where an engine refuses to know them.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};

/// Codes under which engines refuse a parameter.
const CODES: [&str; 3] = ["ValidationException", "ValidationError", "SerializationException"];

/// What the engine behind one live state has refused so far.
#[derive(Default)]
pub(super) struct Refused {
    row_of_refusal: AtomicBool,
    consumed_capacity: AtomicBool,
}

/// What one request asks for.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    row_of_refusal: bool,
    consumed_capacity: bool,
}

impl Refused {
    /// Whatever has not been refused.
    pub(super) fn remaining(&self) -> Asked {
        Asked {
            row_of_refusal: !self.row_of_refusal.load(Relaxed),
            consumed_capacity: !self.consumed_capacity.load(Relaxed),
        }
    }

    /// Remembers the parameter that `error` refuses, and says whether the request that `asked` for it is worth sending without it.
    pub(super) fn learns(&self, error: &impl ProvideErrorMetadata, asked: Asked) -> bool {
        let message = match (error.code(), error.message()) {
            (Some(code), Some(message)) if CODES.contains(&code) => message.to_ascii_lowercase(),
            _ => return false,
        };
        if asked.row_of_refusal && message.contains("returnvaluesonconditioncheckfailure") {
            self.row_of_refusal.store(true, Relaxed);
            return true;
        }
        if asked.consumed_capacity && message.contains("returnconsumedcapacity") {
            self.consumed_capacity.store(true, Relaxed);
            return true;
        }
        false
    }
}

impl Asked {
    pub(super) fn row_of_refusal(self) -> Option<ReturnValuesOnConditionCheckFailure> {
        self.row_of_refusal
            .then_some(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    pub(super) fn consumed_capacity(self) -> Option<ReturnConsumedCapacity> {
        self.consumed_capacity.then_some(ReturnConsumedCapacity::Total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::error::ErrorMetadata;

    fn refusal(code: &str, message: &str) -> ErrorMetadata {
        ErrorMetadata::builder().code(code).message(message).build()
    }

    #[test]
    fn a_refused_parameter_is_not_sent_again() {
        let refused = Refused::default();
        let asked = refused.remaining();
        let of_rows = refusal(
            "SerializationException",
            "unknown field `ReturnValuesOnConditionCheckFailure`",
        );
        assert!(refused.learns(&of_rows, asked));
        assert!(refused.remaining().row_of_refusal().is_none());
        assert!(refused.remaining().consumed_capacity().is_some());
        // Another request, sent before that was known, is worth repeating, too; one without the parameter is not.
        assert!(refused.learns(&of_rows, asked));
        assert!(!refused.learns(&of_rows, refused.remaining()));
        let of_units = refusal("ValidationException", "at 'returnConsumedCapacity': unknown");
        assert!(refused.learns(&of_units, refused.remaining()));
        assert!(refused.remaining().consumed_capacity().is_none());
    }

    #[test]
    fn other_refusals_are_handed_on() {
        let refused = Refused::default();
        for (code, message) in [
            (
                "ValidationException",
                "The provided key element does not match the schema",
            ),
            ("AccessDeniedException", "no ReturnConsumedCapacity for you"),
        ] {
            assert!(!refused.learns(&refusal(code, message), refused.remaining()), "{code}");
        }
        assert!(refused.remaining().consumed_capacity().is_some());
    }
}
