//! The operator's command, all of which is in `src/command/`.

fn main() -> std::process::ExitCode {
    ld_dynamo_store::command::main()
}
