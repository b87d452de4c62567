//! The HTTP client below the AWS SDK: root certificates of our own reading, name look-ups on quiet threads, checked bodies.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
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
use aws_smithy_types::body::SdkBody;
use futures_util::future::{FutureExt, Shared};
use http_body::{Body, Frame, SizeHint};
use rustls_native_certs::CertificateResult;
use tokio::sync::oneshot;

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{self, SignalsBlocked};

/// Below the 60 s and more after which AWS closes an idle connection, so that it is usually we who close first.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// DynamoDB's checksum of a body as it is on the wire; the services that hand out credentials send none.
const CHECKSUM: &str = "x-amz-crc32";

/// Connection pools of one live state, one for each pair of time-outs that is asked for.
#[derive(Clone)]
pub(super) struct Connectors(Arc<Parts>);

struct Parts {
    trust: TlsContext,
    proxy: ProxyConfig,
    look_ups: LookUps,
    made: Mutex<Vec<(Timeouts, SharedHttpConnector)>>,
}

type Timeouts = (Option<Duration>, Option<Duration>);

impl Connectors {
    /// Reads the root certificates, where `needs_tls`; everything else waits for the first request.
    pub(super) fn new(config: &Config, needs_tls: bool) -> Result<Self> {
        let trust = if needs_tls {
            trust_store(config)?
        } else {
            TrustStore::empty()
        };
        let trust = TlsContext::builder()
            .with_trust_store(trust)
            .build()
            .map_err(|error| refusal("root certificates", &error))?;
        let proxy = match &config.proxy {
            Some(url) => ProxyConfig::all(url.0.as_str())
                .map_err(|_| Error::new(ErrorKind::InvalidConfiguration, "\"proxy\" is not a usable URL"))?,
            None => ProxyConfig::from_env(),
        };
        Ok(Connectors(Arc::new(Parts {
            trust,
            proxy,
            look_ups: LookUps::new(),
            made: Mutex::default(),
        })))
    }
}

impl fmt::Debug for Connectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connectors(..)")
    }
}

impl HttpClient for Connectors {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let timeouts = (settings.connect_timeout(), settings.read_timeout());
        let mut made = self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = made.iter().find(|(known, _)| *known == timeouts) {
            return connector.clone();
        }
        let mut builder = Connector::builder()
            .connector_settings(settings.clone())
            .proxy_config(self.0.proxy.clone())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .tls_context(self.0.trust.clone());
        if let Some(sleep) = components.sleep_impl() {
            builder = builder.sleep_impl(sleep);
        }
        let connector = builder.build_with_resolver(self.0.look_ups.clone());
        let connector = SharedHttpConnector::new(Checked(SharedHttpConnector::new(connector)));
        made.push((timeouts, connector.clone()));
        connector
    }
}

/// Refuses bodies that do not fit the checksum they came with; the AWS SDK does not look at it.
#[derive(Debug)]
struct Checked(SharedHttpConnector);

impl HttpConnector for Checked {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let mut response = answer.await?;
            if let Some(expected) = response.headers().get(CHECKSUM) {
                let expected = expected.parse().ok();
                let body = std::mem::replace(response.body_mut(), SdkBody::taken());
                *response.body_mut() = SdkBody::from_body_1_x(CheckedBody {
                    body,
                    expected,
                    hasher: crc32fast::Hasher::new(),
                });
            }
            Ok(response)
        })
    }
}

/// A body that ends in an error where its bytes do not fit the checksum, which the AWS SDK retries as it does a broken connection.
struct CheckedBody {
    body: SdkBody,
    /// `None` where the header held no number.
    expected: Option<u32>,
    hasher: crc32fast::Hasher,
}

impl Body for CheckedBody {
    type Data = <SdkBody as Body>::Data;
    type Error = <SdkBody as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.hasher.update(data);
                }
            }
            Poll::Ready(None) if Some(self.hasher.clone().finalize()) != self.expected => {
                let error = "the body does not fit its checksum: it was altered on the way";
                return Poll::Ready(Some(Err(error.into())));
            }
            _ => {}
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// `ca_bundle`, `AWS_CA_BUNDLE`, or what the system trusts; read here so that no process-wide cell is filled (see ARCHITECTURE.md).
fn trust_store(config: &Config) -> Result<TrustStore> {
    let from_environment = || std::env::var("AWS_CA_BUNDLE").ok();
    let bundle = config.ca_bundle.clone().or_else(from_environment);
    let (certificates, origin) = match bundle.filter(|path| !path.is_empty()) {
        Some(path) => {
            let read = rustls_native_certs::load_certs_from_paths(Some(path.as_ref()), None);
            (require_certificates(read, &path)?, path)
        }
        None => (
            rustls_native_certs::load_native_certs().certs,
            "the system's root certificates".to_owned(),
        ),
    };
    let mut trust = TrustStore::empty();
    let mut usable = 0;
    for certificate in certificates {
        // The connector panics on a certificate that it cannot parse, and old systems still carry some.
        if rustls::RootCertStore::empty().add(certificate.clone()).is_ok() {
            usable += 1;
            trust = trust.with_pem_certificate(pem(&certificate));
        }
    }
    if usable == 0 {
        tracing::warn!("no usable root certificate in {origin}; connections over TLS will fail");
    }
    Ok(trust)
}

fn require_certificates(
    read: CertificateResult,
    path: &str,
) -> Result<Vec<rustls::pki_types::CertificateDer<'static>>> {
    if let Some(error) = read.errors.first() {
        return Err(refusal(&format!("CA bundle {path:?}"), error));
    }
    if read.certs.is_empty() {
        return Err(refusal(&format!("CA bundle {path:?}"), &"it holds no PEM certificate"));
    }
    Ok(read.certs)
}

fn pem(der: &[u8]) -> String {
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        aws_smithy_types::base64::encode(der)
    )
}

fn refusal(what: &str, error: &dyn fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidConfiguration, format!("{what}: {error}"))
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
