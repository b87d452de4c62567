//! A certificate authority of the tests' own, made by `openssl`, and a certificate of it for `localhost`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::place::Place;

/// Files in PEM, which live as long as this.
pub struct Certificates {
    pub authority: PathBuf,
    pub chain: PathBuf,
    pub key: PathBuf,
    _place: Place,
}

impl Certificates {
    /// Makes both anew.
    pub fn make() -> Self {
        let place = Place::new();
        let folder = place.folder();
        let request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
        let authority = "-subj /CN=authority -keyout authority.key -out authority.pem \
             -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign";
        openssl(folder, &format!("{request} {authority}"));
        let server = "-subj /CN=localhost -keyout server.key -out server.pem -CA authority.pem -CAkey authority.key \
             -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1";
        openssl(folder, &format!("{request} {server}"));
        Certificates {
            authority: folder.join("authority.pem"),
            chain: folder.join("server.pem"),
            key: folder.join("server.key"),
            _place: place,
        }
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(arguments.split_whitespace())
        .output();
    let output = output.expect("openssl starts; make setup installs it");
    assert!(
        output.status.success(),
        "openssl {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A path as an argument of a program or a value of a configuration.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
