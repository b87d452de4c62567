//! `watch`: each change is told with what explains it, failures are told once, and what is waited for arrives or does not.

use std::time::{Duration, Instant};

use serde_json::{json, Value};

use crate::program::Program;
use crate::stream::Stream;
use crate::support::Engine;

const SOON: &str = "0.1";

/// A row as an official store writes it, but for its size.
fn row(kind: &str, key: &str, version: u64, item: &str) -> Value {
    json!({"namespace": {"S": kind}, "key": {"S": key}, "version": {"N": version.to_string()}, "item": {"S": item}})
}

fn live(key: &str, version: u64) -> Value {
    row(
        "features",
        key,
        version,
        &format!(r#"{{"key":"{key}","version":{version}}}"#),
    )
}

fn delete(engine: &Engine, table: &str, namespace: &str, key: &str) {
    let key = json!({"namespace": {"S": namespace}, "key": {"S": key}});
    engine
        .request("DeleteItem", &json!({"TableName": table, "Key": key}))
        .expect("a deletion");
}

/// The line without its time, which is one.
fn without_time(line: &str) -> String {
    let (time, rest) = line.split_once("  ").expect("a time and more");
    assert!(
        time.len() == 24 && time.starts_with("20") && time.ends_with('Z'),
        "{line}"
    );
    rest.to_owned()
}

fn watch(program: &Program, arguments: &[&str]) -> Stream {
    let mut all = vec!["watch", "--interval", SOON];
    all.extend(arguments);
    Stream::start(program.command(&all))
}

fn initialized(engine: &Engine, table: &str) {
    let data_set = r#"{"features":{"a":{"key":"a","version":3},"b":{"key":"b","version":7}},"segments":{"s":{"key":"s","version":1}}}"#;
    let report = engine.store(table).init(data_set).expect("an init");
    assert_eq!(report.dropped, 0);
}

fn every_change_is_a_line(engine: &Engine) {
    let table = engine.create_table();
    initialized(engine, &table);
    let program = Program::on(engine, &table);
    let stream = watch(&program, &[]);
    assert_eq!(stream.note(), "features: 2 rows, segments: 1 row; initialized");
    let costs = stream.note();
    assert!(costs.starts_with("reading that every 0.1 s costs "), "{costs}");
    assert!(
        costs.ends_with(" a day; Ctrl-C ends it") && !costs.contains(" 0 read units"),
        "{costs}"
    );

    let put = |row: Value| engine.put(&table, &row);
    let steps: [&dyn Fn(); 12] = [
        &|| {
            drop(
                engine
                    .store(&table)
                    .upsert("features", "a", r#"{"key":"a","version":4}"#)
                    .expect("an upsert"),
            )
        },
        &|| put(live("a", 3)),
        &|| put(row("features", "a", 3, r#"{"key":"a","version":3,"on":true}"#)),
        &|| put(row("features", "a", 5, r#"{"key":"a","version":5,"deleted":true}"#)),
        &|| put(live("a", 6)),
        &|| put(row("features", "a", 7, "null")),
        &|| delete(engine, &table, "features", "a"),
        &|| put(row("segments", "new", 1, r#"{"key":"new","version":1}"#)),
        &|| put(row("features", "b", 8, "{")),
        &|| put(live("b", 9)),
        &|| delete(engine, &table, "$inited", "$inited"),
        &|| put(json!({"namespace": {"S": "$inited"}, "key": {"S": "$inited"}})),
    ];
    let lines: Vec<String> = steps
        .iter()
        .map(|step| {
            step();
            without_time(&stream.line())
        })
        .collect();
    stream.signal(libc::SIGINT);
    let (more, notes, code) = stream.end();
    assert_eq!((more.len(), code), (0, 0), "{more:?} {notes:?}");
    assert!(notes.len() == 1 && notes[0].starts_with("12 changes in "), "{notes:?}");
    program.snapshot("watch-changes.txt", &(lines.join("\n") + "\n"));
}

#[test]
fn every_change_is_a_line_on_the_embedded_engine() {
    every_change_is_a_line(&Engine::embedded());
}

#[test]
fn every_change_is_a_line_on_amazon_s() {
    every_change_is_a_line(&Engine::amazon());
}

/// A line of JSON without its time.
fn object(line: &str) -> Value {
    let mut object: Value = serde_json::from_str(line).expect("JSON");
    let time = object.as_object_mut().and_then(|object| object.remove("time"));
    assert!(
        time.is_some_and(|time| time.as_str().is_some_and(|time| time.ends_with('Z'))),
        "{line}"
    );
    object
}

#[test]
fn json_is_an_object_a_line() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let program = Program::on(&engine, &table);
    // A kind by either of its names, and only once; rows of another prefix are none of it.
    engine.put(&table, &live("elsewhere", 1));
    let stream = watch(
        &program,
        &["--json", "--prefix", "p", "--kind", "flags", "--kind", "features"],
    );
    let baseline = object(&stream.line());
    assert_eq!(baseline["items"], json!({"features": 0}));
    assert_eq!(
        (&baseline["change"], &baseline["initialized"]),
        (&json!("baseline"), &json!(false))
    );
    assert!(baseline["read_units_a_round"].as_f64() > Some(0.0), "{baseline}");
    let mut appeared = live("a", 3);
    appeared["namespace"]["S"] = json!("p:features");
    engine.put(&table, &appeared);
    let expected = json!({
        "change": "appeared", "kind": "features", "key": "a", "version": 3, "deleted": false, "rule": "there was no row",
    });
    assert_eq!(object(&stream.line()), expected);
    stream.signal(libc::SIGTERM);
    let (more, errors, code) = stream.end();
    assert_eq!((more, errors, code), (vec![], vec![], 0));
}

#[test]
fn a_version_that_is_there_ends_it_at_once() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    initialized(&engine, &table);
    let program = Program::on(&engine, &table);
    let arguments = ["watch", "--key", "a", "--interval", "60", "--until-version", "3"];
    let run = program.run(&arguments);
    assert!(
        run.stderr
            .starts_with("features/a: version 3, segments/a: no row; initialized\n"),
        "{}",
        run.stderr
    );
    assert_eq!(without_time(&run.expect(0)), "features/a  has version 3\n");
    let log = Engine::fake(&["--create-table", "flags"]);
    let program = Program::on(&log, "flags");
    log.put("flags", &live("a", 9));
    program.run(&arguments).expect(0);
    assert_eq!(log.log().count("Query"), 0, "one item of each kind is read");
}

#[test]
fn a_version_that_comes_ends_it() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    initialized(&engine, &table);
    let program = Program::on(&engine, &table);
    let stream = watch(&program, &["--key", "a", "--kind", "features", "--until-version", "5"]);
    stream.note();
    engine.put(&table, &live("a", 4));
    assert!(stream.line().contains("3 → 4"));
    engine.put(&table, &live("a", 6));
    let (lines, _, code) = stream.end();
    let lines: Vec<String> = lines.iter().map(|line| without_time(line)).collect();
    assert_eq!(
        lines,
        [
            "features/a  4 → 6: the higher version wins",
            "features/a  has version 6"
        ]
    );
    assert_eq!(code, 0);
}

#[test]
fn a_version_that_does_not_come_is_a_finding() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    initialized(&engine, &table);
    let program = Program::on(&engine, &table);
    let limited = ["watch", "--interval", SOON, "--time-limit", "1", "--key"];
    let run = |key, version| program.run(&[&limited[..], &[key, "--until-version", version]].concat());
    let too_old = run("a", "4");
    assert_eq!((too_old.code, too_old.stdout.as_str()), (1, ""), "{}", too_old.stderr);
    assert!(
        too_old
            .stderr
            .ends_with("error: version 4 did not come: features/a has version 3\n"),
        "{}",
        too_old.stderr
    );
    let missing = run("c", "1");
    assert!(
        missing
            .stderr
            .ends_with("error: version 1 did not come: there is no such row\n"),
        "{}",
        missing.stderr
    );
    assert_eq!(missing.code, 1);
    // Without a version to wait for, the time is simply over.
    program.run(&["watch", "--time-limit", "1"]).expect(0);
}

#[test]
fn a_failure_is_told_once_and_so_is_its_end() {
    let engine = Engine::fake(&["--create-table", "flags"]);
    engine.put("flags", &live("a", 1));
    let program = Program::on(&engine, "flags");
    let stream = watch(&program, &["--kind", "features"]);
    stream.note();
    stream.note();
    engine.script(json!([{"match": {"operation": "Query"}, "action": {"throttle": true}}]));
    let failure = stream.note();
    assert!(
        failure.starts_with("not readable, watching goes on: ")
            && failure.contains("ProvisionedThroughputExceededException"),
        "{failure}"
    );
    let seen = engine.requests();
    let deadline = Instant::now() + Duration::from_secs(20);
    while engine.requests() < seen + 10 {
        assert!(Instant::now() < deadline, "it gave up");
        std::thread::sleep(Duration::from_millis(50));
    }
    engine.put("flags", &live("a", 2));
    engine.script(json!([]));
    let end = stream.note();
    assert!(end.starts_with("readable again, after "), "{end}");
    assert!(stream.line().contains("1 → 2"));
    // No time makes this one good.
    engine.script(
        json!([{"match": {"operation": "Query"}, "action": {"error": {"code": "AccessDeniedException", "message": "no"}}}]),
    );
    let (lines, errors, code) = stream.end();
    assert_eq!((lines.len(), errors.len(), code), (0, 1, 3), "{errors:?}");
    assert!(
        errors[0].starts_with("error: ") && errors[0].contains("AccessDeniedException"),
        "{errors:?}"
    );
}

#[test]
fn a_table_that_is_not_there_is_an_error() {
    for engine in [Engine::embedded(), Engine::amazon()] {
        let run = Program::on(&engine, "no-such-table").run(&["watch", "--stats"]);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{}", run.stderr);
        assert!(
            run.stderr.contains("no-such-table") && run.stderr.contains("cost: "),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_signal_ends_a_long_wait_at_once() {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let program = Program::on(&engine, &table);
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let stream = Stream::start(program.command(&["watch", "--interval", "600"]));
        stream.note();
        stream.note();
        let began = Instant::now();
        stream.signal(signal);
        let (_, notes, code) = stream.end();
        assert_eq!(code, 0, "{notes:?}");
        assert!(notes[0].starts_with("0 changes in 1 reading and "), "{notes:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_any_request() {
    let engine = Engine::fake(&["--create-table", "flags"]);
    let program = Program::on(&engine, "flags");
    for arguments in [
        &["--interval", "0.05"][..],
        &["--interval", "-1"],
        &["--interval", "nan"],
        &["--interval", "1e300"],
        &["--until-version", "3"],
        &["--kind", "a:b"],
    ] {
        let run = program.run(&[&["watch"][..], arguments].concat());
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{arguments:?}: {}",
            run.stderr
        );
    }
    assert_eq!(engine.requests(), 0);
}
