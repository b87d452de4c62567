//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

use crate::forward::Difference;

pub const USAGE: &str = "\
fake-dynamodb [OPTIONS]

Listens on 127.0.0.1 and prints its address when it is ready.

  --port N              port to listen on; a free one by default
  --create-table NAME   make a table with the keys namespace and key, both strings; repeatable
  --latency-ms F        time that passes before each answer of the service; 0 by default
  --exit-with-stdin     end when standard input ends
  --tls CERT KEY        HTTPS with a certificate chain and its key, both PEM files
  --forward-to ADDRESS  keep no tables: hand every request on to the engine at this http:// address
  --difference NAME     alter what is handed on as an engine that differs from Amazon DynamoDB would; repeatable
  --help                show this
";

#[derive(Debug, Default, PartialEq)]
pub struct Options {
    pub port: u16,
    pub tables: Vec<String>,
    pub latency: Duration,
    pub exit_with_stdin: bool,
    pub tls: Option<(PathBuf, PathBuf)>,
    pub forward_to: Option<String>,
    pub differences: Vec<Difference>,
    pub help: bool,
}

impl Options {
    pub fn parse(mut parser: lexopt::Parser) -> Result<Options, lexopt::Error> {
        let mut options = Options::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("port") => options.port = parser.value()?.parse()?,
                Long("create-table") => options.tables.push(parser.value()?.string()?),
                Long("latency-ms") => {
                    let milliseconds: f64 = parser.value()?.parse()?;
                    options.latency = Duration::try_from_secs_f64(milliseconds / 1000.0)
                        .map_err(|error| format!("--latency-ms: {error}"))?;
                }
                Long("exit-with-stdin") => options.exit_with_stdin = true,
                Long("tls") => options.tls = Some((parser.value()?.into(), parser.value()?.into())),
                Long("forward-to") => {
                    let address = parser.value()?.string()?;
                    let host = address
                        .strip_prefix("http://")
                        .ok_or("--forward-to: an http:// address")?;
                    options.forward_to = Some(host.trim_end_matches('/').to_owned());
                }
                Long("difference") => {
                    let name = parser.value()?.string()?;
                    let difference = Difference::named(&name).ok_or_else(|| format!("--difference: no {name:?}"))?;
                    options.differences.push(difference);
                }
                Long("help") => options.help = true,
                other => return Err(other.unexpected()),
            }
        }
        if options.forward_to.is_none() && !options.differences.is_empty() {
            return Err("--difference needs --forward-to".into());
        }
        if options.forward_to.is_some()
            && (options.tls.is_some() || !options.tables.is_empty() || !options.latency.is_zero())
        {
            return Err("--forward-to goes with --port, --difference and --exit-with-stdin alone".into());
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, lexopt::Error> {
        Options::parse(lexopt::Parser::from_iter(
            std::iter::once("fake-dynamodb").chain(arguments.iter().copied()),
        ))
    }

    #[test]
    fn options() {
        assert_eq!(parse(&[]).unwrap(), Options::default());
        let all = [
            "--port",
            "8000",
            "--create-table",
            "a",
            "--create-table=b",
            "--latency-ms",
            "0.5",
            "--exit-with-stdin",
            "--tls",
            "cert",
            "key",
        ];
        let expected = Options {
            port: 8000,
            tables: vec!["a".to_owned(), "b".to_owned()],
            latency: Duration::from_micros(500),
            exit_with_stdin: true,
            tls: Some(("cert".into(), "key".into())),
            ..Options::default()
        };
        assert_eq!(parse(&all).unwrap(), expected);
        let forwarding = [
            "--forward-to",
            "http://127.0.0.1:8000/",
            "--difference",
            "no-row-in-refusal",
        ];
        let expected = Options {
            forward_to: Some("127.0.0.1:8000".to_owned()),
            differences: vec![Difference::NoRowInRefusal],
            ..Options::default()
        };
        assert_eq!(parse(&forwarding).unwrap(), expected);
        for wrong in [
            &["--port", "x"][..],
            &["--latency-ms", "-1"],
            &["--tls", "cert"],
            &["--other"],
            &["--difference", "no-row-in-refusal"],
            &["--forward-to", "http://127.0.0.1:8000", "--difference", "other"],
            &["--forward-to", "https://127.0.0.1:8000"],
            &["--forward-to", "http://127.0.0.1:8000", "--create-table", "a"],
            &["free"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
