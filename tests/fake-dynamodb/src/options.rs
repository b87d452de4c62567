//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

pub const USAGE: &str = "\
fake-dynamodb [OPTIONS]

Listens on 127.0.0.1 and prints its address when it is ready.

  --port N              port to listen on; a free one by default
  --create-table NAME   make a table with the keys namespace and key, both strings; repeatable
  --latency-ms F        time that passes before each answer of the service; 0 by default
  --exit-with-stdin     end when standard input ends
  --tls CERT KEY        HTTPS with a certificate chain and its key, both PEM files
  --help                show this
";

#[derive(Debug, Default, PartialEq)]
pub struct Options {
    pub port: u16,
    pub tables: Vec<String>,
    pub latency: Duration,
    pub exit_with_stdin: bool,
    pub tls: Option<(PathBuf, PathBuf)>,
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
                Long("help") => options.help = true,
                other => return Err(other.unexpected()),
            }
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
            help: false,
        };
        assert_eq!(parse(&all).unwrap(), expected);
        for wrong in [
            &["--port", "x"][..],
            &["--latency-ms", "-1"],
            &["--tls", "cert"],
            &["--other"],
            &["free"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
