//! Of the C library (`c-library/`): gives the shared library its name.

const ABI: &str = "../src/ffi/mod.rs";

fn main() {
    println!("cargo:rerun-if-changed={ABI}");
    println!("cargo:rerun-if-changed=../build.rs");
    // The name at run time has the ABI's major number in it.
    let arguments = match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        // PHP closes its handles after each request, so the library refuses to be unloaded.
        Ok("linux") => format!("-Wl,-soname,libld_dynamo_store.so.{},-z,nodelete", abi_major()),
        // Variables of threads keep it loaded there.
        Ok("macos") => format!("-Wl,-install_name,@rpath/libld_dynamo_store.{}.dylib", abi_major()),
        _ => return,
    };
    println!("cargo:rustc-cdylib-link-arg={arguments}");
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
