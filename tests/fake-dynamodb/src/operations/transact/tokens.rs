//! Client request tokens: a transaction that was done is not done again.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use crate::failure::Failure;

const KEPT: Duration = Duration::from_secs(600);

/// The transactions of the last ten minutes, by token.
#[derive(Debug, Default)]
pub struct Tokens {
    done: HashMap<Box<str>, Fingerprint>,
    in_order: VecDeque<(Instant, Box<str>)>,
}

/// Stands for a request, whatever the order of names in its JSON.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub fn of(raw: &str) -> Fingerprint {
        let value: serde_json::Value = serde_json::from_str(raw).expect("it was parsed before");
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        Fingerprint(hasher.finish())
    }
}

impl Tokens {
    /// Whether this request was done; another one with the same token is refused.
    pub fn is_done(&mut self, token: &str, request: Fingerprint, now: Instant) -> Result<bool, Failure> {
        while let Some((_, old)) = self
            .in_order
            .pop_front_if(|(done, _)| now.duration_since(*done) >= KEPT)
        {
            self.done.remove(&old);
        }
        match self.done.get(token) {
            None => Ok(false),
            Some(done) if *done == request => Ok(true),
            Some(_) => Err(Failure::new(
                400,
                "IdempotentParameterMismatchException",
                "The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical.",
            )),
        }
    }

    /// A request whose token was not kept was done.
    pub fn keep(&mut self, token: &str, request: Fingerprint, now: Instant) {
        self.done.insert(token.into(), request);
        self.in_order.push_back((now, token.into()));
    }

    pub fn clear(&mut self) {
        *self = Tokens::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_kept_for_ten_minutes() {
        let (one, other) = (Fingerprint::of("[1]"), Fingerprint::of("[2]"));
        let mut tokens = Tokens::default();
        let start = Instant::now();
        assert_eq!(tokens.is_done("t", one, start), Ok(false));
        tokens.keep("t", one, start);
        let later = start + KEPT - Duration::from_millis(1);
        assert_eq!(tokens.is_done("t", one, later), Ok(true));
        let mismatch = tokens.is_done("t", other, later).unwrap_err();
        assert_eq!(mismatch.code, "IdempotentParameterMismatchException");
        assert_eq!(tokens.is_done("t", other, start + KEPT), Ok(false));
        tokens.keep("t", other, start + KEPT);
        assert_eq!(tokens.is_done("t", other, start + KEPT), Ok(true));
        tokens.clear();
        assert_eq!(tokens.is_done("t", other, start + KEPT), Ok(false));
    }

    #[test]
    fn the_order_of_names_does_not_matter() {
        let one = Fingerprint::of(r#"{"a":[1,2],"b":{"c":1,"d":2}}"#);
        assert_eq!(one, Fingerprint::of(r#"{ "b":{"d":2,"c":1},"a":[1,2]}"#));
        assert_ne!(one, Fingerprint::of(r#"{"a":[2,1],"b":{"c":1,"d":2}}"#));
    }
}
