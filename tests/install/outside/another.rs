//! A static library in Rust of somebody else's: a program that is linked with both has the Rust library twice.

/// 42, by way of a thread and a panic.
#[no_mangle]
pub extern "C" fn another_library() -> i32 {
    std::panic::set_hook(Box::new(|_| {}));
    match std::thread::spawn(|| -> i32 { panic!("caught") }).join() {
        Ok(number) => number,
        Err(_) => 42,
    }
}
