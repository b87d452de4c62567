//! What is done around each attempt of the AWS SDK's: it is counted, and what its answer tells beside the answer is noted.

use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::config::Intercept;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef, InterceptorContext,
};
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::direct::Clock;
use super::failure;
use super::sent;
use crate::stats::Stats;

/// The endpoint that the AWS SDK asks.
#[derive(Debug, Default)]
pub(super) struct Asked(OnceLock<String>);

impl Asked {
    pub(super) fn note(&self, uri: &str) {
        if self.0.get().is_none() {
            let _ = self.0.set(uri.to_owned());
        }
    }

    pub(super) fn endpoint(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Counts HTTP attempts, retries and throttled answers, and notes the endpoint and what a refusal says of the time.
#[derive(Debug)]
pub(super) struct CountAttempts {
    pub(super) stats: Arc<Stats>,
    pub(super) asked: Arc<Asked>,
    pub(super) clock: Clock,
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for CountAttempts {
    fn name(&self) -> &'static str {
        "CountAttempts"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        let attempts = bag.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts);
        self.stats.request(attempts > 1 || sent::before().is_attempted);
        self.asked.note(context.request().uri());
        sent::attempt_begins();
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        // A refusal, throttling included, says that nothing was done.
        let is_refused = context
            .response()
            .is_some_and(|response| response.status().is_client_error());
        sent::attempt_ends(is_refused);
        if let Some(refusal) = context.response().filter(|_| is_refused) {
            self.clock.learn(refusal.headers().get("date"));
        }
        let body = context.response().filter(|response| !response.status().is_success());
        let body = body.and_then(|response| response.body().bytes());
        if body.is_some_and(failure::speaks_of_throttling) {
            self.stats.throttle();
        }
        Ok(())
    }
}

/// A machine that stood still between signing and sending has its request refused although its clock is right, and one whose clock is
/// wrong has learnt the time from the refusal: it is signed anew.
#[derive(Debug)]
pub(super) struct SignedTooLongAgo;

impl ClassifyRetry for SignedTooLongAgo {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let response = context
            .response()
            .filter(|response| response.status().is_client_error());
        let body = response.and_then(|response| response.body().bytes());
        match body.is_some_and(failure::speaks_of_age) {
            true => RetryAction::transient_error(),
            false => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "SignedTooLongAgo"
    }
}
