//! A DynamoDB in memory on a loopback port: for the examples, the tests and trying things out.

use std::error::Error;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::process::ExitCode;

use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::Database;
use lexopt::prelude::*;
use serde_json::json;

const USAGE: &str = "\
Usage: local-dynamodb [--port N] [--create-table NAME]... [--exit-with-stdin]

Serves an empty in-memory DynamoDB on 127.0.0.1 and prints its address, one line,
once it is ready. Any credentials and any region are accepted.

  --port N              the port to listen on; default: a free one
  --create-table NAME   create a table with the keys of a LaunchDarkly store
                        (namespace HASH, key RANGE, both strings); repeatable
  --exit-with-stdin     end when standard input is closed
  --help                print this text
";

struct Options {
    port: u16,
    tables: Vec<String>,
    exit_with_stdin: bool,
}

/// `None` when only the help text was asked for.
fn parse_options(mut arguments: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        port: 0,
        tables: Vec::new(),
        exit_with_stdin: false,
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => options.port = arguments.value()?.parse()?,
            Long("create-table") => options.tables.push(arguments.value()?.string()?),
            Long("exit-with-stdin") => options.exit_with_stdin = true,
            Short('h') | Long("help") => return Ok(None),
            unexpected => return Err(unexpected.unexpected()),
        }
    }
    Ok(Some(options))
}

fn create_table(database: &Database, name: &str) -> Result<(), Box<dyn Error>> {
    let request: CreateTableRequest = serde_json::from_value(json!({
        "TableName": name,
        "AttributeDefinitions": [
            {"AttributeName": "namespace", "AttributeType": "S"},
            {"AttributeName": "key", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "namespace", "KeyType": "HASH"},
            {"AttributeName": "key", "KeyType": "RANGE"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }))?;
    database.create_table(request)?;
    Ok(())
}

/// Ties this process to the one that holds the other end of its standard input, however that one ends.
fn exit_when_stdin_closes() {
    std::thread::spawn(|| {
        let mut buffer = [0; 1024];
        let mut stdin = std::io::stdin().lock();
        while matches!(stdin.read(&mut buffer), Ok(length) if length > 0) {}
        std::process::exit(0);
    });
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let database = Database::memory()?;
    for name in &options.tables {
        create_table(&database, name).map_err(|error| format!("the table {name:?} was not created: {error}"))?;
    }
    if options.exit_with_stdin {
        exit_when_stdin_closes();
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let port = options.port;
            let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                .await
                .map_err(|error| format!("port {port} cannot be used: {error}"))?;
            // Connections wait in the listener's backlog, so the address may be told before the server runs.
            let mut stdout = std::io::stdout().lock();
            writeln!(stdout, "http://{}", listener.local_addr()?)?;
            stdout.flush()?;
            drop(stdout);
            dynoxide::server::serve_on(listener, database).await;
            Ok(())
        })
}

fn main() -> ExitCode {
    let options = match parse_options(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprint!("local-dynamodb: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local-dynamodb: {error}");
            ExitCode::FAILURE
        }
    }
}
