//! What it means that a server's certificate was refused.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;

use crate::error::ErrorKind;

/// The kind of failure and what can be done, where `error` comes of a certificate.
pub(super) fn refused(error: &(dyn StdError + 'static)) -> Option<(ErrorKind, &'static str)> {
    let certificate = sources(error).find_map(|error| match error.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(certificate)) => Some(certificate),
        _ => None,
    })?;
    Some(match certificate {
        CertificateError::UnknownIssuer => (
            ErrorKind::InvalidConfiguration,
            "the server's certificate is signed by nobody who is trusted here: name a PEM file with its CA in \"ca_bundle\" or \
             AWS_CA_BUNDLE (a proxy may have a CA of its own)",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            ErrorKind::InvalidConfiguration,
            "the server's certificate is for another name: check the endpoint, and the proxy",
        ),
        // It may be renewed at any time, and so may the clock.
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => (
            ErrorKind::Unreachable,
            "the server's certificate has expired or is not valid yet: check the server, and the clock of this machine",
        ),
        other if other.to_string().contains("CaUsedAsEndEntity") => (
            ErrorKind::InvalidConfiguration,
            "the server shows a CA's certificate as its own, which is refused even where it is trusted: give the server one that the CA signed",
        ),
        _ => (
            ErrorKind::InvalidConfiguration,
            "the server's certificate is refused: check it, \"ca_bundle\" and AWS_CA_BUNDLE",
        ),
    })
}

/// The error and, one after the other, what caused it.
pub(super) fn sources<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        // Its `source` is that of the error within, which would be left out.
        Some(outer) if outer.get_ref().is_some() => outer.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        _ => error.source(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_found_within_an_error_of_a_connection() {
        let refusal = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = io::Error::new(io::ErrorKind::InvalidData, refusal);
        let (kind, advice) = refused(&error).expect("a certificate");
        assert_eq!(kind, ErrorKind::InvalidConfiguration);
        assert!(advice.contains("ca_bundle"));
        assert!(refused(&io::Error::other("reset")).is_none());
    }
}
