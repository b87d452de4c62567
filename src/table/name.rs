//! Names that a table can have in a request.

/// What DynamoDB takes, both ends included.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=255;

/// Whether DynamoDB can have a table of this name, or this is the ARN of one, which it takes instead.
pub(crate) fn is_table(name: &str) -> bool {
    match name.strip_prefix("arn:") {
        Some(rest) => is_arn(rest),
        None => is_plain(name),
    }
}

/// The bare name of a table that may be named by its ARN.
#[cfg(feature = "cli")]
pub(crate) fn without_arn(table: &str) -> &str {
    table.rsplit('/').next().unwrap_or(table)
}

fn is_plain(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    LENGTHS.contains(&name.len()) && name.bytes().all(is_allowed)
}

/// `PARTITION:dynamodb:REGION:ACCOUNT:table/NAME`.
fn is_arn(rest: &str) -> bool {
    let parts: Vec<&str> = rest.split(':').collect();
    match parts[..] {
        [partition, "dynamodb", region, account, resource] => {
            let is_given = [partition, region, account].iter().all(|part| !part.is_empty());
            is_given && resource.strip_prefix("table/").is_some_and(is_plain)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_table_can_have() {
        let longest = "n".repeat(255);
        for name in [
            "abc",
            "Flags_2.prod-eu",
            "...",
            &longest,
            "arn:aws:dynamodb:eu-west-2:123456789012:table/flags",
            "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/a.b",
            "arn:aws:dynamodb:ddblocal:000000000000:table/flags",
        ] {
            assert!(is_table(name), "{name}");
        }
    }

    #[test]
    fn names_that_no_table_has() {
        let longer = "n".repeat(256);
        for name in [
            "",
            "ab",
            &longer,
            "my flags",
            "flags ",
            "flags\n",
            "flags/prod",
            "flags:prod",
            "fl\u{e4}gs",
            "arn:aws:dynamodb:eu-west-2:123456789012:table/ab",
            "arn:aws:dynamodb:eu-west-2:123456789012:table/flags/index/i",
            "arn:aws:dynamodb:eu-west-2::table/flags",
            "arn:aws:s3:eu-west-2:123456789012:table/flags",
            "arn:aws:dynamodb:eu-west-2:123456789012:flags",
            "arn:flags",
        ] {
            assert!(!is_table(name), "{name:?}");
        }
    }
}
