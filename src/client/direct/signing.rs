//! AWS Signature Version 4 of a DynamoDB request, with a signing key that is derived once a day, region and identity.

use std::io::Write;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use sha2::{Digest, Sha256};

const SERVICE: &str = "dynamodb";
/// The type of every request and answer; it is signed.
pub(super) const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// Signs requests to one region.
pub(super) struct Signer {
    region: String,
    derived: RwLock<Option<DerivedKey>>,
}

/// The key of one identity for one day.
struct DerivedKey {
    day: u64,
    access_key_id: String,
    secret_access_key: String,
    key: [u8; 32],
}

/// A credential, region, host or target that no header may hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAHeader;

impl Signer {
    pub(super) fn new(region: impl Into<String>) -> Self {
        Signer {
            region: region.into(),
            derived: RwLock::new(None),
        }
    }

    /// Appends the header lines that sign a POST to `/` with the headers `host`, `content-type` ([`CONTENT_TYPE`]) and `x-amz-target`.
    pub(super) fn sign(
        &self,
        identity: &Credentials,
        now: SystemTime,
        host: &str,
        target: &str,
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), NotAHeader> {
        let token = identity.session_token();
        let values = [
            self.region.as_str(),
            host,
            target,
            identity.access_key_id(),
            token.unwrap_or("-"),
        ];
        if !values.iter().all(|value| is_one_word(value)) {
            return Err(NotAHeader);
        }
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let timestamp = Timestamp::new(seconds);
        let (date, day) = (timestamp.text(), timestamp.day());
        let signed_headers = match token {
            Some(_) => "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
            None => "content-type;host;x-amz-date;x-amz-target",
        };

        let mut request = Sha256::new();
        for part in [
            "POST\n/\n\ncontent-type:",
            CONTENT_TYPE,
            "\nhost:",
            host,
            "\nx-amz-date:",
            date,
        ] {
            request.update(part);
        }
        if let Some(token) = token {
            request.update("\nx-amz-security-token:");
            request.update(token);
        }
        for part in ["\nx-amz-target:", target, "\n\n", signed_headers, "\n"] {
            request.update(part);
        }
        request.update(hexadecimal(&Sha256::digest(body).into()));
        let request = hexadecimal(&request.finalize().into());

        // The text that is signed stands in the output for a moment, which saves an allocation.
        let end = out.len();
        out.extend_from_slice(b"AWS4-HMAC-SHA256\n");
        push(
            out,
            &[date, "\n", day, "/", &self.region, "/", SERVICE, "/aws4_request\n"],
        );
        out.extend_from_slice(&request);
        let key = self.key(identity, seconds);
        let signature = calculate_signature(key, &out[end..]);
        out.truncate(end);

        push(out, &["x-amz-date: ", date, "\r\n"]);
        if let Some(token) = token {
            push(out, &["x-amz-security-token: ", token, "\r\n"]);
        }
        push(
            out,
            &[
                "authorization: AWS4-HMAC-SHA256 Credential=",
                identity.access_key_id(),
                "/",
                day,
                "/",
            ],
        );
        push(
            out,
            &[
                &self.region,
                "/",
                SERVICE,
                "/aws4_request, SignedHeaders=",
                signed_headers,
            ],
        );
        push(out, &[", Signature=", &signature, "\r\n"]);
        Ok(())
    }

    fn key(&self, identity: &Credentials, seconds: u64) -> [u8; 32] {
        let day = seconds / SECONDS_A_DAY;
        let is_current = |derived: &&DerivedKey| {
            derived.day == day
                && derived.access_key_id == identity.access_key_id()
                && derived.secret_access_key == identity.secret_access_key()
        };
        let derived = self.derived.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(derived) = derived.as_ref().filter(is_current) {
            return derived.key;
        }
        drop(derived);
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut key = [0; 32];
        key.copy_from_slice(generate_signing_key(identity.secret_access_key(), time, &self.region, SERVICE).as_ref());
        let derived = DerivedKey {
            day,
            access_key_id: identity.access_key_id().to_owned(),
            secret_access_key: identity.secret_access_key().to_owned(),
            key,
        };
        *self.derived.write().unwrap_or_else(PoisonError::into_inner) = Some(derived);
        key
    }
}

/// Whether `value` is the same before and after whatever is done with a header's value: a space could be left out, a line end adds a header.
fn is_one_word(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic())
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

fn hexadecimal(digest: &[u8; 32]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// A moment as `20260131T235959Z`.
struct Timestamp {
    text: [u8; Timestamp::LENGTH],
}

impl Timestamp {
    const LENGTH: usize = "20260131T235959Z".len();

    /// Of seconds since 1970, up to the year 9999.
    fn new(seconds: u64) -> Self {
        let (year, month, day) = civil(seconds / SECONDS_A_DAY);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let mut text = [b'0'; Timestamp::LENGTH];
        let mut rest = &mut text[..];
        // A text that is too long is cut off: no signature of such a time is valid anyway.
        let _ = write!(rest, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z");
        Timestamp { text }
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.text).expect("digits and two letters")
    }

    fn day(&self) -> &str {
        &self.text()[..8]
    }
}

/// Year, month and day of a day since 1970-01-01, counted in years that begin in March, so that a leap day is a year's last.
fn civil(day: u64) -> (u64, u64, u64) {
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let day = day + 719_468; // since 0000-03-01
    let of_era = day % DAYS_IN_400_YEARS;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = day / DAYS_IN_400_YEARS * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests;
