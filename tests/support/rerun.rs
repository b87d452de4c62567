//! A test binary starts itself again, as a process that can be killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

const TASK: &str = "LD_DYNAMO_TEST_TASK";

/// The command that runs one ignored test of this binary alone, named with its module; it finds `task` by [`task`].
pub fn command(test: &str, task: &Value) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the path of this test"));
    command
        .args([test, "--exact", "--ignored", "--test-threads=1"])
        .env(TASK, task.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// What the starter gave this process to do; nothing where a user started it.
pub fn task() -> Option<Value> {
    let task = std::env::var(TASK).ok()?;
    Some(serde_json::from_str(&task).expect("a task is JSON"))
}

/// How many times the usual number of rounds: more with `LD_DYNAMO_STRESS=1`.
pub fn rounds(usual: u64, stress: u64) -> u64 {
    let is_stress = std::env::var("LD_DYNAMO_STRESS").is_ok_and(|value| value == "1");
    if is_stress {
        stress
    } else {
        usual
    }
}

/// For a test with so many rounds, at a second and a half for each.
pub fn patience(rounds: u64) -> Duration {
    Duration::from_secs(60 + rounds * 3 / 2)
}
