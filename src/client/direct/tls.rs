//! What TLS trusts and offers on direct connections: the same as on the AWS SDK's.

use std::sync::Arc;

use rustls::crypto::{aws_lc_rs, CryptoProvider};
use rustls::{CipherSuite, ClientConfig, RootCertStore};

/// The suites that aws-smithy-http-client offers.
const SUITES: [CipherSuite; 7] = [
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// TLS 1.2 and 1.3, HTTP/1.1 only. Sessions are kept with it, and resumed.
pub(crate) fn client_config(roots: RootCertStore) -> Result<Arc<ClientConfig>, rustls::Error> {
    let all = aws_lc_rs::default_provider();
    let suite = |wanted| all.cipher_suites.iter().find(|known| known.suite() == wanted).copied();
    let provider = CryptoProvider {
        cipher_suites: SUITES.into_iter().filter_map(suite).collect(),
        ..all
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suites_are_offered_in_their_order_and_no_others() {
        let config = client_config(RootCertStore::empty()).expect("a configuration");
        let offered: Vec<_> = config
            .crypto_provider()
            .cipher_suites
            .iter()
            .map(|suite| suite.suite())
            .collect();
        assert_eq!(offered, SUITES);
        assert_eq!(config.alpn_protocols, [b"http/1.1"]);
    }
}
