//! Of the C library (`c-library/`): gives the shared library its name.

const ABI: &str = "../src/ffi/mod.rs";

fn main() {
    println!("cargo:rerun-if-changed={ABI}");
    println!("cargo:rerun-if-changed=../build.rs");
    // SONAME is the ABI's major number; PHP closes its handles after each request, so the library refuses to be unloaded.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!(
            "cargo:rustc-cdylib-link-arg=-Wl,-soname,libld_dynamo_store.so.{}",
            abi_major()
        );
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

/// From the constant that programs compare, so that the two cannot differ.
fn abi_major() -> u32 {
    let source = std::fs::read_to_string(ABI).unwrap_or_else(|error| panic!("{ABI}: {error}"));
    let value = source
        .split("LD_DYNAMO_ABI_MAJOR: u32 = ")
        .nth(1)
        .and_then(|rest| rest.split(';').next());
    let number = value.and_then(|value| value.parse().ok());
    number.unwrap_or_else(|| panic!("{ABI} defines LD_DYNAMO_ABI_MAJOR"))
}
