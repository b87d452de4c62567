//! A small, fast, scriptable DynamoDB endpoint for tests and benchmarks; README.md says what it can do.

mod action;
mod answer;
mod attributes;
mod cancellation;
mod capacity;
mod condition;
mod control;
mod endpoint;
mod expression;
mod failure;
mod forward;
mod journal;
mod operations;
mod options;
mod rules;
mod server;
mod service;
mod table;
mod update_expression;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::endpoint::Endpoint;
use crate::options::Options;

const WORKERS: usize = 2;

fn main() -> ExitCode {
    let options = match Options::parse(lexopt::Parser::from_env()) {
        Ok(options) if options.help => {
            print!("{}", options::USAGE);
            return ExitCode::SUCCESS;
        }
        Ok(options) => options,
        Err(error) => {
            eprintln!("fake-dynamodb: {error}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    // A defect here must not look like a fault that a test asked for.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::abort();
    }));
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fake-dynamodb: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let tls = options
        .tls
        .as_ref()
        .map(|(certificates, key)| server::tls(certificates, key))
        .transpose()?;
    let endpoint = Arc::new(Endpoint::new(&options.tables, options.latency));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_io()
        .enable_time()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
        let port = listener.local_addr()?.port();
        let address = if tls.is_some() {
            format!("https://localhost:{port}")
        } else {
            format!("http://127.0.0.1:{port}")
        };
        writeln!(io::stdout(), "{address}")?;
        if options.exit_with_stdin {
            std::thread::spawn(|| {
                let _ = io::copy(&mut io::stdin(), &mut io::sink());
                std::process::exit(0);
            });
        }
        match options.forward_to {
            Some(host) => tokio::spawn(forward::run(listener, host, options.differences)).await??,
            None => tokio::spawn(server::run(listener, tls, endpoint)).await??,
        }
        Ok(())
    })
}
