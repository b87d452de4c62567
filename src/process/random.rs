//! Random bytes that a copy of this process does not repeat, be it forked or restored from an image of the machine's memory.

use super::system;

/// 128 bits as 32 hexadecimal digits, of the operating system's generator.
pub(crate) fn token() -> String {
    let mut bytes = [0; 16];
    if !system::random(&mut bytes) {
        fastrand::fill(&mut bytes);
    }
    format!("{:032x}", u128::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn no_token_is_given_twice() {
        let tokens: std::collections::HashSet<String> = (0..1000).map(|_| token()).collect();
        assert_eq!(tokens.len(), 1000);
        assert!(tokens.iter().all(|token| token.len() == 32));
    }
}
