//! What the environment and the AWS files say, read at one moment and checked before it is used: an empty value is no value, and
//! what is wrong is an error that names the setting, the file and the line.

mod environment;
mod form;
mod passed_on;
mod profile_file;
mod profiles;
mod role;
mod settings;

pub(super) use environment::Environment;
pub(super) use profile_file::is_pipe;
pub(super) use role::Role;
pub(super) use settings::{shortened, wrong, AwsSettings, CA_BUNDLE, LONGEST_MESSAGE, REGION};
