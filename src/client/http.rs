//! The HTTP client below the AWS SDK: root certificates of our own reading, name look-ups on quiet threads.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use futures_util::future::{FutureExt, Shared};
use rustls::RootCertStore;
use rustls_native_certs::CertificateResult;
use tokio::sync::oneshot;

use super::answer::Bounded;
use super::aws_settings::{is_pipe, wrong, AwsSettings, CA_BUNDLE};
use super::complaint::Complaints;
use super::direct::LookUp;
use super::proxy::Proxies;
use super::this_machine::stays_on_this_machine;
use crate::config::Config;
use crate::error::Result;
use crate::process::{self, Interrupted, SignalsBlocked};

/// Below the 60 s and more after which AWS closes an idle connection, so that it is usually we who close first.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// Connection pools of one live state, one for each pair of time-outs and each proxy that is asked for.
#[derive(Clone)]
pub(super) struct Connectors {
    parts: Arc<Parts>,
    /// Whether the endpoints of a container and an instance are asked, which are beside the program and no proxy can reach.
    is_for_credentials: bool,
}

struct Parts {
    trust: TlsContext,
    proxies: Proxies,
    look_ups: LookUps,
    made: Mutex<Vec<(Purpose, SharedHttpConnector)>>,
}

/// Time-outs, and whose proxy is used.
type Purpose = (Option<Duration>, Option<Duration>, Through);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Through {
    Nothing,
    ProxyOfTls,
    ProxyOfPlain,
}

impl Connectors {
    /// Opens nothing before the first request.
    pub(super) fn new(trust: TlsContext, proxies: Proxies) -> Self {
        Connectors {
            parts: Arc::new(Parts {
                trust,
                proxies,
                look_ups: LookUps::new(),
                made: Mutex::default(),
            }),
            is_for_credentials: false,
        }
    }

    /// The same for asking for credentials, which goes past the proxy where it stays on this machine.
    pub(super) fn for_credentials(&self) -> Self {
        Connectors {
            parts: Arc::clone(&self.parts),
            is_for_credentials: true,
        }
    }

    /// The same look-ups, for a thread that waits until a deadline.
    pub(super) fn look_up(&self) -> LookUp {
        let look_ups = self.parts.look_ups.clone();
        let made_in = process::generation();
        Arc::new(move |name, deadline| {
            let found = {
                // A lock is held while a thread begins.
                let _inside = process::enter();
                look_ups.join(name)?
            };
            let answer = process::block_on_here(made_in, Some(deadline), found);
            match answer.map_err(|_| Interrupted)? {
                None => Err(io::ErrorKind::TimedOut.into()),
                Some(Ok(Ok(addresses))) => Ok(addresses),
                Some(Ok(Err(error))) => Err(io::Error::new(error.kind(), error.to_string())),
                Some(Err(gone)) => Err(io::Error::other(gone)),
            }
        })
    }

    fn connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
        through: Through,
    ) -> SharedHttpConnector {
        let purpose = (settings.connect_timeout(), settings.read_timeout(), through);
        let mut made = self.parts.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = made.iter().find(|(known, _)| *known == purpose) {
            return connector.clone();
        }
        let proxy = match through {
            Through::Nothing => None,
            Through::ProxyOfTls => self.parts.proxies.of_requests(false),
            Through::ProxyOfPlain => self.parts.proxies.of_requests(true),
        };
        let mut builder = Connector::builder()
            .connector_settings(settings.clone())
            .proxy_config(proxy.map_or_else(ProxyConfig::disabled, |proxy| proxy.config.clone()))
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .tls_context(self.parts.trust.clone());
        if let Some(sleep) = components.sleep_impl() {
            builder = builder.sleep_impl(sleep);
        }
        let connector = builder.build_with_resolver(self.parts.look_ups.clone());
        let connector = SharedHttpConnector::new(connector);
        made.push((purpose, connector.clone()));
        connector
    }
}

impl fmt::Debug for Connectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connectors(..)")
    }
}

impl HttpClient for Connectors {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let past_proxies = self.connector(settings, components, Through::Nothing);
        let connector = match self.parts.proxies.are_none() {
            true => past_proxies,
            false => SharedHttpConnector::new(ByPlace {
                of_tls: self.connector(settings, components, Through::ProxyOfTls),
                of_plain: self.connector(settings, components, Through::ProxyOfPlain),
                past_proxies: self.is_for_credentials.then_some(past_proxies),
            }),
        };
        SharedHttpConnector::new(Bounded::new(connector, !self.is_for_credentials))
    }
}

/// Goes through the proxy of its kind, or past all of them where a request for credentials stays on this machine.
#[derive(Debug)]
struct ByPlace {
    of_tls: SharedHttpConnector,
    of_plain: SharedHttpConnector,
    past_proxies: Option<SharedHttpConnector>,
}

impl HttpConnector for ByPlace {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri: http::Uri = request.uri().parse().unwrap_or_default();
        match &self.past_proxies {
            Some(past_proxies) if stays_on_this_machine(&uri) => past_proxies.call(request),
            _ if uri.scheme_str() == Some("http") => self.of_plain.call(request),
            _ => self.of_tls.call(request),
        }
    }
}

/// For connections without TLS.
pub(super) fn nothing_trusted() -> Result<(TlsContext, RootCertStore)> {
    Ok((context(TrustStore::empty())?, RootCertStore::empty()))
}

fn context(trust: TrustStore) -> Result<TlsContext> {
    let context = TlsContext::builder().with_trust_store(trust).build();
    context.map_err(|error| wrong(format_args!("root certificates: {error}")))
}

/// `ca_bundle`, `AWS_CA_BUNDLE`, the profile's, or what the system trusts; read here so that no process-wide cell is filled (see
/// ARCHITECTURE.md).
pub(super) fn trust(
    config: &Config,
    aws: &AwsSettings,
    complaints: &Complaints,
) -> Result<(TlsContext, RootCertStore)> {
    let given = config
        .ca_bundle
        .as_ref()
        .map(|path| (path.clone(), "\"ca_bundle\"".to_owned()));
    let bundle = match given {
        Some(given) => Some(given),
        None => match aws.find(&CA_BUNDLE)? {
            // Who names one in the configuration is there to write into it.
            Some(found) if is_pipe(found.text.as_ref()) => {
                let origin = found.origin();
                return Err(wrong(format_args!(
                    "{origin} names a pipe, which cannot be read again and again"
                )));
            }
            found => found.map(|found| (found.text.to_owned(), found.origin())),
        },
    };
    let (certificates, origin) = match bundle {
        Some((path, named_by)) => {
            let read = rustls_native_certs::load_certs_from_paths(Some(path.as_ref()), None);
            (require_certificates(read, &path, &named_by)?, path)
        }
        None => (system_certificates(), "the system's root certificates".to_owned()),
    };
    let mut trust = TrustStore::empty();
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        // The connector panics on a certificate that it cannot parse, and old systems still carry some.
        if roots.add(certificate.clone()).is_ok() {
            trust = trust.with_pem_certificate(pem(&certificate));
        }
    }
    if roots.is_empty() {
        complaints.warn(&format!(
            "no usable root certificate in {origin}; connections over TLS will fail"
        ));
    }
    Ok((context(trust)?, roots))
}

/// Those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, or the system's.
fn system_certificates() -> Vec<rustls::pki_types::CertificateDer<'static>> {
    let variables = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(std::env::var_os);
    let has_empty = variables.iter().flatten().any(|value| value.is_empty());
    if !has_empty {
        return rustls_native_certs::load_native_certs().certs;
    }
    // An empty one would hide the system's.
    let [file, folder] = variables.map(|value| value.filter(|value| !value.is_empty()));
    let (file, folder) = match (file, folder) {
        (None, None) => system_places(),
        given => (given.0.map(PathBuf::from), given.1.map(PathBuf::from)),
    };
    rustls_native_certs::load_certs_from_paths(file.as_deref(), folder.as_deref()).certs
}

/// Where distributions keep them.
fn system_places() -> (Option<PathBuf>, Option<PathBuf>) {
    const FILES: [&str; 4] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    let file = FILES.iter().map(PathBuf::from).find(|path| path.exists());
    (file, Some(PathBuf::from("/etc/ssl/certs")))
}

fn require_certificates(
    read: CertificateResult,
    path: &str,
    named_by: &str,
) -> Result<Vec<rustls::pki_types::CertificateDer<'static>>> {
    let reason = match read.errors.first() {
        Some(error) => error.to_string(),
        None if read.certs.is_empty() => "it holds no PEM certificate".to_owned(),
        None => return Ok(read.certs),
    };
    Err(wrong(format_args!("{named_by} names the CA bundle {path:?}: {reason}")))
}

fn pem(der: &[u8]) -> String {
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        aws_smithy_types::base64::encode(der)
    )
}

/// Looks names up with the system's resolver, each on a thread that ends with the look-up and never runs a signal handler of the
/// host's. All who ask for a name meanwhile get the answer to the one look-up of it.
#[derive(Debug, Clone)]
struct LookUps {
    under_way: Arc<UnderWay>,
    look_up: fn(&str) -> io::Result<Vec<IpAddr>>,
}

type UnderWay = Mutex<HashMap<String, Shared<oneshot::Receiver<Found>>>>;
type Found = std::result::Result<Vec<IpAddr>, Arc<io::Error>>;

impl LookUps {
    fn new() -> Self {
        LookUps {
            under_way: Arc::default(),
            look_up: |name| {
                let _looking_up = process::look_up();
                let found = (name, 0).to_socket_addrs()?;
                Ok(found.map(|address| address.ip()).collect())
            },
        }
    }

    /// What the look-up of `name` will find, begun where none is under way.
    fn join(&self, name: &str) -> io::Result<Shared<oneshot::Receiver<Found>>> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = under_way.get(name) {
            return Ok(found.clone());
        }
        let (answer, answered) = oneshot::channel();
        let (own, look_up, others) = (name.to_owned(), self.look_up, Arc::clone(&self.under_way));
        let blocked = SignalsBlocked::all();
        let spawned = std::thread::Builder::new()
            .name("ld-dynamo-dns".to_owned())
            .spawn(move || {
                let found = look_up(&own).map_err(Arc::new);
                // Before it answers, so that whoever asks afterwards asks anew.
                others.lock().unwrap_or_else(PoisonError::into_inner).remove(&own);
                // The callers may have run out of time and be gone.
                let _ = answer.send(found);
            });
        drop(blocked);
        spawned?;
        let answered = answered.shared();
        under_way.insert(name.to_owned(), answered.clone());
        Ok(answered)
    }
}

impl ResolveDns for LookUps {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            match self.join(name).map_err(ResolveDnsError::new)?.await {
                Ok(found) => found.map_err(ResolveDnsError::new),
                Err(gone) => Err(ResolveDnsError::new(gone)),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static LOOK_UPS: AtomicUsize = AtomicUsize::new(0);

    #[test]
    fn one_look_up_serves_all_who_ask_for_a_name_meanwhile() {
        let look_ups = LookUps {
            look_up: |name| {
                LOOK_UPS.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(100));
                match name {
                    "known" => Ok(vec![IpAddr::from([127, 0, 0, 1])]),
                    _ => Err(io::ErrorKind::NotFound.into()),
                }
            },
            ..LookUps::new()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(async {
            for (name, succeeds) in [("known", true), ("unknown", false), ("known", true)] {
                LOOK_UPS.store(0, Ordering::Relaxed);
                // One that goes away ends it for nobody else.
                let gone = tokio::time::timeout(Duration::from_millis(10), look_ups.resolve_dns(name));
                assert!(gone.await.is_err());
                let answers = join_all((0..50).map(|_| look_ups.resolve_dns(name))).await;
                assert!(answers.iter().all(|answer| answer.is_ok() == succeeds), "{name}");
                assert_eq!(LOOK_UPS.load(Ordering::Relaxed), 1, "{name}");
            }
        });
        assert!(look_ups.under_way.lock().expect("no panic").is_empty());
    }
}
