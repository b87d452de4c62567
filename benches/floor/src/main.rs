//! The floor that the benchmarks compare with: the same signed requests on one blocking connection of each thread, and nothing else. No
//! failure is mended: the program ends with a message. See benches/README.md.

mod calls;
mod connection;
mod measure;
mod signing;
mod writes;

const USAGE: &str = "\
usage: floor calls ENDPOINT TABLE WORK THREADS SECONDS    WORK: get, all, newer or refused
       floor writes ENDPOINT TABLE DATA_SET";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["calls", endpoint, table, work, threads, seconds] => {
            let threads = threads.parse().expect("THREADS is a number");
            let seconds = seconds.parse().expect("SECONDS is a number");
            calls::run(endpoint, table, work, threads, seconds);
        }
        ["writes", endpoint, table, data_set] => writes::run(endpoint, table, data_set),
        _ => {
            eprintln!("{USAGE}");
            std::process::exit(2);
        }
    }
}
