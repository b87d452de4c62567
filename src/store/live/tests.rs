//! Who shares a live state, how long it lives, and which of them goes.

use std::os::unix::ffi::OsStringExt;

use super::*;
use crate::process;
use crate::store::Store;

fn config(overrides: &str) -> Config {
    let json = format!(
        r#"{{"table":"flags","share":true,"proxy":"http://me:word@proxy:1","credentials":{{"access_key_id":"the-id",
        "secret_access_key":"the-key","session_token":"the-token"}}{overrides}}}"#
    );
    // Of a key that stands there twice the last one is kept.
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    Config::from_json(&json.to_string()).expect("a configuration")
}

fn identity(config: &Config, environment: &[(&str, &str)]) -> Identity {
    let pairs = environment.iter().map(|(name, value)| (name.into(), value.into()));
    Identity::in_environment(config, pairs.collect())
}

#[test]
fn equal_configurations_have_equal_identities() {
    let environment = [("AWS_REGION", "eu-west-1"), ("HOME", "/home/me"), ("LANG", "C")];
    let reordered = [("LANG", "de"), ("HOME", "/home/me"), ("AWS_REGION", "eu-west-1")];
    assert_eq!(identity(&config(""), &environment), identity(&config(""), &reordered));
}

/// A folder of its own for a test, which goes with it.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ld-dynamo-store-{}-{name}", std::process::id()));
        std::fs::create_dir_all(path.join(".aws")).expect("a folder");
        Folder(path)
    }

    fn write(&self, file: &str, text: &str) -> String {
        let path = self.0.join(file);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_changed_file_makes_a_difference() {
    let folder = Folder::new("changed");
    let home = folder.0.to_str().expect("UTF-8").to_owned();
    let from_files = Config::from_json(r#"{"table":"flags","share":true}"#).expect("a configuration");
    let bundle = folder.write("roots.pem", "");
    let elsewhere = folder.write("elsewhere", "");
    let with_bundle = config(&format!(r#","ca_bundle":{bundle:?}"#));
    let at_home = [("HOME", home.as_str())];
    let named = [
        ("HOME", "/nonexistent"),
        ("AWS_SHARED_CREDENTIALS_FILE", elsewhere.as_str()),
    ];
    let in_variable = [("AWS_CA_BUNDLE", bundle.as_str())];
    let below_home = [("HOME", home.as_str()), ("AWS_CONFIG_FILE", "~/elsewhere")];
    for (config, environment, file) in [
        (&from_files, &at_home[..], ".aws/credentials"),
        (&from_files, &at_home, ".aws/config"),
        (&from_files, &named, "elsewhere"),
        (&from_files, &below_home, "elsewhere"),
        (&from_files, &in_variable, "roots.pem"),
        (&with_bundle, &at_home, "roots.pem"),
    ] {
        let before = identity(config, environment);
        assert_eq!(before, identity(config, environment), "{file}");
        folder.write(file, "longer");
        let longer = identity(config, environment);
        assert_ne!(before, longer, "{file}");
        // As long as before, as new keys are.
        std::thread::sleep(std::time::Duration::from_millis(20));
        folder.write(file, "edited");
        assert_ne!(longer, identity(config, environment), "{file}");
    }
}

#[test]
fn a_file_that_nobody_reads_makes_none() {
    let folder = Folder::new("unread");
    let complete = config(r#","region":"eu-west-1","endpoint":"http://localhost:1""#);
    let environment = [("HOME", folder.0.to_str().expect("UTF-8"))];
    let before = identity(&complete, &environment);
    folder.write(".aws/credentials", "new");
    assert_eq!(before, identity(&complete, &environment));
    // Over TLS, the profile may say whom to trust.
    let over_tls = config(r#","region":"eu-west-1","endpoint":"https://localhost:1""#);
    let before = identity(&over_tls, &environment);
    let bundle = folder.0.join("roots.pem");
    folder.write("roots.pem", "old");
    folder.write(".aws/config", &format!("[default]\nca_bundle = {}\n", bundle.display()));
    let named = identity(&over_tls, &environment);
    assert_ne!(before, named);
    folder.write("roots.pem", "newer");
    assert_ne!(named, identity(&over_tls, &environment));
}

#[test]
fn every_field_makes_a_difference() {
    let others = [
        r#","table":"other""#,
        r#","prefix":"p""#,
        r#","region":"eu-west-1""#,
        r#","endpoint":"http://localhost:1""#,
        r#","consistent_reads":false"#,
        r#","read_only":true"#,
        r#","connect_timeout_ms":1001"#,
        r#","attempt_timeout_ms":0"#,
        r#","operation_timeout_ms":5001"#,
        r#","init_timeout_ms":1"#,
        r#","max_attempts":4"#,
        r#","retry_mode":"adaptive""#,
        r#","transport":"sdk""#,
        r#","max_concurrency":17"#,
        r#","cache_ttl_ms":0"#,
        r#","cache_ttl_ms":-1"#,
        r#","context_cache_ttl_ms":5001"#,
        r#","context_cache_size":999"#,
        r#","stale_on_error":true"#,
        r#","ca_bundle":"/roots.pem""#,
        r#","proxy":"http://me:other@proxy:1""#,
        r#","log_level":"trace""#,
    ];
    let mut identities = vec![identity(&config(""), &[])];
    for other in others {
        identities.push(identity(&config(other), &[]));
    }
    let mut profile = Config::from_json(r#"{"table":"flags","share":true}"#).expect("a configuration");
    profile.profile = Some("p".to_owned());
    identities.push(identity(&profile, &[]));
    profile.pushed_credentials = true;
    identities.push(identity(&profile, &[]));
    let mut secrets = Config::from_json(r#"{"table":"flags","share":true}"#).expect("a configuration");
    identities.push(identity(&secrets, &[]));
    for (id, key, token) in [
        ("a", "b", None),
        ("ab", "", None),
        ("a", "b", Some("")),
        ("a", "b", Some("c")),
        ("a", "bc", None),
    ] {
        secrets.credentials = Some(crate::config::Credentials {
            access_key_id: id.to_owned(),
            secret_access_key: key.to_owned(),
            session_token: token.map(str::to_owned),
        });
        identities.push(identity(&secrets, &[]));
    }
    for (index, one) in identities.iter().enumerate() {
        assert!(
            !identities[..index].contains(one),
            "number {index} is equal to an earlier one"
        );
    }
}

#[test]
fn the_environment_of_aws_and_proxies_makes_a_difference() {
    let config = config("");
    let plain = identity(&config, &[]);
    let names = [
        "AWS_REGION",
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CONFIG_FILE",
        "AWS_CA_BUNDLE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
        "REQUEST_METHOD",
        "SECRET_ACCESS_KEY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HOME",
    ];
    for name in names {
        let (one, other) = (identity(&config, &[(name, "1")]), identity(&config, &[(name, "2")]));
        assert!(one != plain && other != plain && one != other, "{name}");
    }
    assert_eq!(identity(&config, &[("PATH", "/bin")]), plain);
    let bytes = |value: u8| vec![("HOME".into(), OsString::from_vec(vec![value]))];
    assert_ne!(
        Identity::in_environment(&config, bytes(0xff)),
        Identity::in_environment(&config, bytes(0xfe))
    );
}

/// What the registry holds beside live states is this.
#[test]
fn an_identity_shows_no_secret() {
    let identity = identity(&config(""), &[("AWS_SECRET_ACCESS_KEY", "from-the-environment")]);
    let shown = format!("{identity:?} {:?}", String::from_utf8_lossy(&identity.0));
    for secret in ["the-id", "the-key", "the-token", "word", "from-the-environment"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(std::mem::size_of::<Identity>(), 32, "a digest and nothing else");
}

fn numbered(number: usize) -> (Identity, Config) {
    let config = config(&format!(r#","prefix":"eviction-{number}""#));
    (identity(&config, &[]), config)
}

/// Takes one up as a store does, and tells whether it was there before.
fn take_up(number: usize) -> (Arc<LiveState>, bool) {
    let (identity, config) = numbered(number);
    let mut count = 0;
    with_shared(|shared| count = shared.iter().filter(|(known, _)| *known == identity).count());
    (shared(process::generation(), identity, &config), count == 1)
}

fn give_back(number: usize, state: Arc<LiveState>) {
    drop(state);
    given_back(numbered(number).0);
}

/// The registry is one for the whole process: who counts what is in it does so alone.
fn turn() -> std::sync::MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn sixteen_are_kept_and_the_least_recently_used_goes() {
    let _turn = turn();
    let use_once = |number| {
        let (state, was_there) = take_up(number);
        give_back(number, state);
        was_there
    };
    for number in 0..MAXIMUM_KEPT {
        assert!(!use_once(number));
    }
    assert!(use_once(0), "sixteen are kept");
    assert!(!use_once(100));
    assert!(use_once(0), "the first was used again meanwhile");
    assert!(!use_once(1), "the second made room for the seventeenth");

    // One in use is never given up, however long ago it was taken up.
    let (held, _) = take_up(200);
    for number in 300..300 + 2 * MAXIMUM_KEPT {
        use_once(number);
    }
    let (again, was_there) = take_up(200);
    assert!(was_there && Arc::ptr_eq(&held, &again));

    // What counts is when a store ended, not when it began.
    let (late, _) = take_up(500);
    for number in 501..500 + MAXIMUM_KEPT {
        use_once(number);
    }
    give_back(500, late);
    assert!(!use_once(600));
    assert!(use_once(500) && !use_once(501));

    // Many in use at once are all kept, and given up again when they are given back.
    let many: Vec<_> = (400..400 + 2 * MAXIMUM_KEPT)
        .map(|number| (number, take_up(number).0))
        .collect();
    assert!(many.iter().all(|(number, _)| take_up(*number).1));
    for (number, state) in many {
        give_back(number, state);
    }
    with_shared(|shared| assert!(shared.len() <= MAXIMUM_KEPT + 1, "{} are kept", shared.len()));
    assert!(!use_once(400) && use_once(400 + 2 * MAXIMUM_KEPT - 1));
    drop((held, again));
}

#[test]
fn a_store_that_ends_gives_its_own_back_as_the_last() {
    let _turn = turn();
    let use_once = |number| give_back(number, take_up(number).0);
    let store = Store::new(config(r#","prefix":"eviction-800""#)).expect("a store");
    store.slot_live();
    let identity = store.identity.expect("it shares");
    for number in 801..=800 + MAXIMUM_KEPT {
        use_once(number);
    }
    drop(store);
    use_once(900);
    with_shared(|shared| assert!(shared.iter().any(|(known, _)| *known == identity), "the oldest of all"));
}

#[test]
fn a_broken_one_is_shared_no_more() {
    let _turn = turn();
    let (identity, config) = numbered(700);
    let take_up = |generation| shared(generation, identity, &config);
    let slot = Slot::new();
    let before = std::ptr::from_ref(slot.live(take_up));
    let (broken, was_there) = self::take_up(700);
    assert!(was_there && std::ptr::eq(before, Arc::as_ptr(&broken)));
    broken.runtime.break_down();
    let next = take_up(process::generation());
    assert!(!Arc::ptr_eq(&next, &broken) && !next.is_broken());
    let after = std::ptr::from_ref(slot.live(take_up));
    assert!(std::ptr::eq(after, Arc::as_ptr(&next)), "the store that had it kept it");
    with_shared(|shared| {
        let of_this = shared.extract_if(.., |(known, _)| *known == identity);
        assert_eq!(of_this.count(), 1);
    });
}
