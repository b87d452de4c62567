//! The Maven repository of the Java package, from which Maven installs in an empty folder, and all cases through what it installs.

use std::path::{Path, PathBuf};

use crate::platform::{at_home, packages, platforms, Platform};
use crate::support;
use crate::support::cases::run_all;
use crate::support::driver::Program;
use crate::support::place::{run, Place};
use crate::support::Engine;

/// The plugin that copies what a project depends on, of the version that bindings/java/pom.xml has fetched.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";

/// The package.
pub fn maven_archive() -> PathBuf {
    packages().join(format!("java-ld-dynamo-store-{}.zip", env!("CARGO_PKG_VERSION")))
}

/// A project that needs the package for a platform, and takes everything else from what is fetched already.
fn write_project(place: &Place, platform: &Platform) {
    let dependency = |rest: &str| {
        format!(
            "<dependency><groupId>ld-dynamo-store</groupId><artifactId>ld-dynamo-store</artifactId><version>{}</version>{rest}</dependency>",
            env!("CARGO_PKG_VERSION")
        )
    };
    let project = format!(
        "<project><modelVersion>4.0.0</modelVersion><groupId>place</groupId><artifactId>place</artifactId><version>1</version>\
         <repositories><repository><id>archive</id><url>file://${{project.basedir}}/artifacts</url></repository></repositories>\
         <dependencies>{}{}</dependencies></project>",
        dependency(""),
        dependency(&format!("<classifier>{}</classifier><scope>runtime</scope>", platform.name)),
    );
    let fetched = Path::new(&std::env::var("HOME").expect("HOME")).join(".m2/repository");
    let settings = format!(
        "<settings><localRepository>{}</localRepository><mirrors><mirror><id>fetched</id><mirrorOf>central</mirrorOf>\
         <url>file://{}</url></mirror></mirrors></settings>",
        place.join("local").display(),
        fetched.display(),
    );
    std::fs::write(place.join("pom.xml"), project).expect("a project");
    std::fs::write(place.join("settings.xml"), settings).expect("settings");
}

/// The class path that Maven makes for a platform: this package's jars alone.
fn install(place: &Place, platform: &Platform) -> String {
    run(place
        .command("unzip")
        .arg("-q")
        .arg(maven_archive())
        .args(["-d", "artifacts"]));
    write_project(place, platform);
    run(place
        .command("mvn")
        .args(["-B", "-q", "-s", "settings.xml", COPY, "-DoutputDirectory=jars"]));
    place.join("jars/*").display().to_string()
}

#[test]
#[ignore = "uses what make packages made"]
fn the_maven_archive() {
    let Some(platform) = at_home() else { return };
    let place = Place::new();
    let jars = install(&place, &platform);
    let sources = support::repository().join("bindings/java/src/test/java/lddynamostore");
    run(place
        .command("javac")
        .args(["-cp", &jars, "-d", "classes"])
        .args(["CaseDriver.java", "Frames.java"].map(|file| sources.join(file))));
    let mut command = place.command("java");
    command
        .arg(format!("-Djava.io.tmpdir={}", place.folder().display()))
        .args(["-cp", &format!("{jars}:classes"), "lddynamostore.CaseDriver"]);
    run_all(&Engine::embedded(), &mut Program::start_as_it_is(command));
}

/// There is no Java for the other platforms here: what their jars hold is looked at.
#[test]
#[ignore = "uses what make packages made"]
fn every_platform_has_a_jar_with_library_and_shim() {
    for platform in platforms() {
        let place = Place::new();
        install(&place, &platform);
        let jar = format!(
            "jars/ld-dynamo-store-{}-{}.jar",
            env!("CARGO_PKG_VERSION"),
            platform.name
        );
        run(place.command("unzip").args(["-q", &jar, "-d", "files"]));
        let folder = place.join("files/lddynamostore/native").join(&platform.name);
        let machine: [u8; 2] = match platform.machine() {
            "x86_64" => [62, 0],
            _ => [183, 0],
        };
        for file in ["libld_dynamo_store.so", "libld_dynamo_store_jni.so"] {
            let bytes = std::fs::read(folder.join(file)).expect("a library");
            // ELF's machine.
            assert_eq!(bytes[18..20], machine, "{} of {}", file, platform.name);
            let digest = std::fs::read_to_string(folder.join(format!("{file}.sha256"))).expect("a digest");
            let printed = run(place.command("sha256sum").arg(folder.join(file)));
            assert_eq!(printed.split_whitespace().next(), Some(digest.trim()));
        }
        assert!(place.join("files/META-INF/THIRD-PARTY-LICENSES.txt").is_file());
    }
}
