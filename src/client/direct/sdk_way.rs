//! For tests: the client over the AWS SDK, whose engine answers whatever the test says, so that both ways can be compared.

use std::future::Future;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use crate::client::complaint::Complaints;
use crate::client::sdk::Sdk;
use crate::config::{ClientFactory, Config};

pub(super) const TABLE: &str = "a \"table\"";

pub(in crate::client) struct SdkWay {
    pub(in crate::client) client: Sdk,
    runtime: tokio::runtime::Runtime,
    engine: Engine,
}

/// What the engine is to answer, and what it was sent last: the target and the body.
#[derive(Debug, Clone)]
struct Engine {
    answer: Arc<Mutex<(u16, Vec<u8>)>>,
    request: Arc<Mutex<(String, Vec<u8>)>>,
}

impl SdkWay {
    pub(in crate::client) fn new() -> Self {
        Self::with_settings(|settings| settings)
    }

    /// With settings that are not those of the other tests: one attempt, which may last.
    pub(in crate::client) fn with_settings(further: impl Fn(Builder) -> Builder + Send + Sync + 'static) -> Self {
        let engine = Engine {
            answer: Arc::new(Mutex::new((200, b"{}".to_vec()))),
            request: Arc::default(),
        };
        let mut config = Config::new(TABLE);
        let http = engine.clone();
        config.client_factory = Some(ClientFactory::new(move || {
            let settings = aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("eu-west-1"))
                .endpoint_url("http://engine")
                .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
                .retry_config(RetryConfig::disabled())
                .http_client(http.clone());
            further(settings)
        }));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("a runtime can be made");
        let client = runtime.block_on(Sdk::connect(&config, None, Arc::default(), &Complaints::default()));
        SdkWay {
            client: client.expect("nothing is looked up").0,
            runtime,
            engine,
        }
    }

    /// What a call makes of an answer.
    pub(in crate::client) fn reads<T>(&self, status: u16, body: &[u8], call: impl Future<Output = T>) -> T {
        *self.engine.answer.lock().unwrap() = (status, body.to_vec());
        self.runtime.block_on(call)
    }

    /// The target and the body that a call sends.
    pub(in crate::client) fn sends<T>(&self, call: impl Future<Output = T>) -> (String, serde_json::Value) {
        self.reads(200, b"{}", call);
        let (target, body) = self.engine.request.lock().unwrap().clone();
        (target, serde_json::from_slice(&body).expect("the AWS SDK sends JSON"))
    }
}

impl HttpConnector for Engine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default().to_vec();
        *self.request.lock().unwrap() = (target, body);
        let (status, body) = self.answer.lock().unwrap().clone();
        let status = status.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

impl HttpClient for Engine {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
