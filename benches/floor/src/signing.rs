//! AWS Signature Version 4, with a key that is derived once.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use sha2::{Digest, Sha256};

const ACCESS_KEY_ID: &str = "benchmark";
const SECRET_ACCESS_KEY: &str = "benchmark";
const SCOPE: &str = "us-east-1/dynamodb/aws4_request";
const SIGNED_HEADERS: &str = "content-type;host;x-amz-date;x-amz-target";

pub const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

pub struct Signer {
    host: String,
    key: Vec<u8>,
}

/// What the headers `x-amz-date` and `authorization` hold.
pub struct Signature {
    pub date: String,
    pub authorization: String,
}

impl Signer {
    pub fn new(host: &str) -> Self {
        let key = generate_signing_key(SECRET_ACCESS_KEY, SystemTime::now(), "us-east-1", "dynamodb");
        Signer {
            host: host.to_owned(),
            key: key.as_ref().to_vec(),
        }
    }

    pub fn sign(&self, target: &str, body: &[u8]) -> Signature {
        let date = now();
        let day = &date[..8];
        let body = hexadecimal(&Sha256::digest(body));
        let headers = format!(
            "content-type:{CONTENT_TYPE}\nhost:{}\nx-amz-date:{date}\nx-amz-target:{target}\n",
            self.host
        );
        let request = hexadecimal(&Sha256::digest(format!(
            "POST\n/\n\n{headers}\n{SIGNED_HEADERS}\n{body}"
        )));
        let signed = format!("AWS4-HMAC-SHA256\n{date}\n{day}/{SCOPE}\n{request}");
        let signature = calculate_signature(&self.key, signed.as_bytes());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/{day}/{SCOPE}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}"
        );
        Signature { date, authorization }
    }
}

/// As `20260131T235959Z`.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    let seconds = seconds.as_secs() as libc::time_t;
    // SAFETY: all bytes zero are a valid `tm`, and the call writes to it only.
    let time = unsafe {
        let mut time: libc::tm = std::mem::zeroed();
        assert!(!libc::gmtime_r(&seconds, &mut time).is_null());
        time
    };
    let (year, month) = (time.tm_year + 1900, time.tm_mon + 1);
    let (day, hour, minute, second) = (time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

fn hexadecimal(digest: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
