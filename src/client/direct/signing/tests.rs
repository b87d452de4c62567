use super::*;
use aws_sigv4::http_request::{sign, SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_types::date_time::{DateTime, Format};
use proptest::prelude::*;

/// The three headers as the AWS SDK makes them, in the order of [`Signer::sign`].
fn of_the_sdk(identity: &Credentials, now: SystemTime, host: &str, target: &str, body: &[u8], region: &str) -> String {
    let identity = identity.clone().into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(SERVICE)
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let address = format!("http://{host}/");
    let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", target)];
    let request = SignableRequest::new("POST", &address, headers.into_iter(), SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    let line = |name: &str| {
        let header = instructions.headers().find(|header| header.0 == name);
        header
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .unwrap_or_default()
    };
    line("x-amz-date") + &line("x-amz-security-token") + &line("authorization")
}

fn ours(signer: &Signer, identity: &Credentials, now: SystemTime, host: &str, target: &str, body: &[u8]) -> String {
    let mut out = b"POST / HTTP/1.1\r\n".to_vec();
    signer.sign(identity, now, host, target, body, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    out.strip_prefix("POST / HTTP/1.1\r\n").unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn signatures_are_those_of_the_sdk(
        requests in proptest::collection::vec(
            (
                ("[A-Z0-9]{1,20}", "\\PC{1,40}", proptest::option::of("[!-~]{1,400}")),
                0_u64..7_258_118_400,
                ("[a-z0-9][a-z0-9.-]{0,30}[a-z0-9]", proptest::option::of(1024_u16..)),
                "DynamoDB_20120810\\.[A-Za-z]{3,20}",
                proptest::collection::vec(any::<u8>(), 0..500),
            ),
            1..4,
        ),
        region in "[a-z]{2}-[a-z]{4,9}-[1-9]",
    ) {
        // One signer for all, so that a key which is kept too long shows.
        let signer = Signer::new(region.as_str());
        for ((key_id, secret, token), seconds, (host, port), target, body) in requests {
            let identity = Credentials::new(key_id.as_str(), secret.as_str(), token, None, "test");
            let host = port.map_or(host.clone(), |port| format!("{host}:{port}"));
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            // Others share the day, or the name, and not the key.
            let same_name = Credentials::new(key_id, format!("{secret}x"), None, None, "test");
            let moments = [(&identity, now), (&same_name, now), (&identity, now), (&identity, now + Duration::from_secs(SECONDS_A_DAY))];
            for (identity, now) in moments {
                prop_assert_eq!(
                    ours(&signer, identity, now, &host, &target, &body),
                    of_the_sdk(identity, now, &host, &target, &body, &region)
                );
            }
        }
    }
}

#[test]
fn dates_are_right_from_1970_to_2200() {
    let days = 0..84_371_u64;
    for day in days {
        for second in [0, 1, 45_296, SECONDS_A_DAY - 1] {
            let seconds = day * SECONDS_A_DAY + second;
            let expected = DateTime::from_secs(seconds as i64).fmt(Format::DateTime).unwrap();
            assert_eq!(Timestamp::new(seconds).text(), expected.replace(['-', ':'], ""));
        }
    }
    assert_eq!(Timestamp::new(84_370 * SECONDS_A_DAY).day(), "22001231");
}

#[test]
fn what_would_add_or_change_a_header_is_not_signed() {
    let signer = Signer::new("eu-west-1");
    let now = SystemTime::UNIX_EPOCH;
    let attempt = |signer: &Signer, key_id: &str, token: &str, host: &str| {
        let identity = Credentials::new(key_id, "secret", Some(token.to_owned()), None, "test");
        let mut out = Vec::new();
        let outcome = signer.sign(&identity, now, host, "DynamoDB_20120810.GetItem", b"{}", &mut out);
        outcome
            .map(|()| assert!(!out.is_empty()))
            .inspect_err(|_| assert!(out.is_empty()))
    };
    assert_eq!(attempt(&signer, "AKID", "token", "host"), Ok(()));
    for bad in ["", "a b", "a\r\nx-injected: 1", "a\tb", "é"] {
        assert_eq!(attempt(&signer, bad, "token", "host"), Err(NotAHeader), "{bad:?}");
        assert_eq!(attempt(&signer, "AKID", bad, "host"), Err(NotAHeader), "{bad:?}");
        assert_eq!(attempt(&signer, "AKID", "token", bad), Err(NotAHeader), "{bad:?}");
        assert_eq!(
            attempt(&Signer::new(bad), "AKID", "token", "host"),
            Err(NotAHeader),
            "{bad:?}"
        );
    }
}

#[test]
fn a_key_is_derived_once() {
    let signer = Signer::new("eu-west-1");
    let identity = Credentials::new("AKID", "secret", None, None, "test");
    let key = signer.key(&identity, 5);
    // A key that nobody derives shows whether the one that was kept is taken.
    signer.derived.write().unwrap().as_mut().unwrap().key = [7; 32];
    assert_eq!(signer.key(&identity, SECONDS_A_DAY - 1), [7; 32]);
    assert_ne!(signer.key(&identity, SECONDS_A_DAY), [7; 32]);
    assert_eq!(signer.key(&identity, 5), key);
}

#[test]
fn a_clock_before_1970_stands_at_its_beginning() {
    let signer = Signer::new("eu-west-1");
    let identity = Credentials::new("AKID", "secret", None, None, "test");
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(5);
    assert!(ours(&signer, &identity, before, "host", "target", b"").starts_with("x-amz-date: 19700101T000000Z\r\n"));
}
