//! Deliveries: which messages join one that is under way, how many are kept, and how a message is written.

use std::ptr::null_mut;

use super::*;

unsafe extern "C" fn callback(_: *mut c_void, _: i32, _: *const c_char) {}

fn logger() -> Arc<Logger> {
    Logger::new(&Config::new("flags"), callback, null_mut(), None)
}

fn messages(text: &str, count: usize, dropped: usize) -> Messages {
    Messages {
        kept: vec![(Level::INFO, text.to_owned()); count],
        dropped,
    }
}

fn delivery(logger: &Arc<Logger>, generation: u64, depth: usize, text: &str) -> Delivery {
    Delivery::new(Arc::clone(logger), generation, depth, messages(text, 1, 0))
}

fn told(deliveries: &mut Deliveries, number: u64) -> Vec<String> {
    std::iter::from_fn(|| deliveries.next(number).map(|(_, text)| text)).collect()
}

/// A logger that keeps what it is told, and makes a call that logs when it is told the first.
#[derive(Default)]
struct Told {
    logger: Option<Arc<Logger>>,
    lines: Vec<(i32, String)>,
}

unsafe extern "C" fn tell(userdata: *mut c_void, level: i32, message: *const c_char) {
    // SAFETY: the test below hands it in, and looks at it when the call has ended.
    let told = unsafe { &mut *userdata.cast::<Told>() };
    // SAFETY: a message is a C string.
    let message = unsafe { std::ffi::CStr::from_ptr(message) };
    told.lines.push((level, message.to_str().expect("UTF-8").to_owned()));
    let nested = told.logger.take();
    if let Some(logger) = nested {
        logger.around(|| tracing::warn!("from within"));
    }
}

#[test]
fn messages_are_delivered_in_their_order_when_the_call_has_ended() {
    let told: *mut Told = Box::into_raw(Box::default());
    // SAFETY: made above, and nobody else looks at it but the callback, while `around` delivers.
    let of = |told: *mut Told| unsafe { &mut *told };
    let logger = Logger::new(&Config::new("flags"), tell, told.cast(), None);
    of(told).logger = Some(Arc::clone(&logger));
    let outcome = logger.around(|| {
        tracing::error!("one");
        tracing::info!("two");
        assert_eq!(of(told).lines, []);
        7
    });
    assert_eq!(outcome, 7);
    let lines = [(1, "one"), (3, "two"), (2, "from within")];
    assert_eq!(of(told).lines, lines.map(|(level, text)| (level, text.to_owned())));
    // SAFETY: made above, and the call has ended.
    drop(unsafe { Box::from_raw(told) });
}

#[test]
fn a_call_takes_away_the_deliveries_below_it() {
    let stack = process::own_stack();
    let begin = |depth| with_deliveries(|list| list.begin(delivery(&logger(), 0, depth, "one"))).flatten();
    assert!(begin(stack.start).is_some() && begin(stack.end - 1).is_some());
    forget_jumped_over();
    let left = with_deliveries(|deliveries| std::mem::take(&mut deliveries.list)).expect("a thread that is not ending");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].depth, stack.end - 1);
}

#[test]
fn what_a_callback_s_calls_log_joins_its_delivery() {
    let (own, other) = (logger(), logger());
    let mut deliveries = Deliveries::new();
    let first = deliveries.begin(delivery(&own, 0, 100, "first")).expect("the first");
    // The stack grows downwards.
    assert_eq!(deliveries.begin(delivery(&own, 0, 99, "from within")), None);
    let another_logger = delivery(&other, 0, 99, "apart");
    let in_a_child = delivery(&own, 1, 99, "apart");
    let not_within = delivery(&own, 0, 100, "apart");
    for apart in [another_logger, in_a_child, not_within] {
        let number = deliveries.begin(apart).expect("one of its own");
        assert_ne!(number, first);
        assert_eq!(told(&mut deliveries, number), ["apart"]);
        assert!(deliveries.end(number).is_some());
    }
    assert_eq!(told(&mut deliveries, first), ["first", "from within"]);
    assert!(deliveries.end(first).is_some());
    assert!(deliveries.end(first).is_none() && deliveries.next(first).is_none());
}

#[test]
fn a_delivery_has_as_many_messages_as_a_call() {
    let mut all = Delivery::new(logger(), 0, 2, messages("own", MAXIMUM_MESSAGES - 1, 2));
    assert_eq!(all.next().expect("the first").1, "own");
    all.join(Delivery::new(logger(), 0, 1, messages("nested", 3, 1)));
    let texts: Vec<_> = std::iter::from_fn(|| all.next()).collect();
    assert_eq!(texts.len(), MAXIMUM_MESSAGES);
    assert_eq!(texts[MAXIMUM_MESSAGES - 2].1, "nested");
    let last = "5 more log messages of this call were dropped".to_owned();
    assert_eq!(texts[MAXIMUM_MESSAGES - 1], (Level::WARN, last));
    all.join(Delivery::new(logger(), 0, 1, messages("about the last one", 1, 0)));
    assert!(all.next().is_none());

    let mut none_dropped = Delivery::new(logger(), 0, 2, messages("own", MAXIMUM_MESSAGES, 0));
    assert_eq!(std::iter::from_fn(|| none_dropped.next()).count(), MAXIMUM_MESSAGES);
}

#[test]
fn deliveries_whose_frames_are_gone_are_taken_away() {
    let frame = 0_u8;
    let here = std::ptr::from_ref(&frame) as usize;
    let logger = logger();
    let depths = |list: &[Delivery]| list.iter().map(|delivery| delivery.depth).collect::<Vec<_>>();
    let mut deliveries = Deliveries::new();
    // The last lies on no stack of this thread's.
    let begun = [here + 1, here, here - 1, 1];
    for (generation, depth) in (0..).zip(begun) {
        assert!(deliveries.begin(delivery(&logger, generation, depth, "one")).is_some());
    }
    assert!(deliveries.take_jumped_over(1).is_empty());
    assert_eq!(depths(&deliveries.take_jumped_over(here)), [here, here - 1]);
    assert_eq!(depths(&deliveries.list), [here + 1, 1]);
    for alone in [here, here - 1] {
        let mut deliveries = Deliveries::new();
        assert!(deliveries.begin(delivery(&logger, 0, alone, "one")).is_some());
        assert_eq!(depths(&deliveries.take_jumped_over(here)), [alone]);
    }
}

#[test]
fn a_line_ends_at_a_whole_character_and_has_no_nul_within() {
    let written = |text: &str| {
        let mut line = Line::new();
        line.write("what was written before, and is longer");
        line.write(text);
        // SAFETY: `write` ends it, and it lives on this frame.
        let line = unsafe { std::ffi::CStr::from_ptr(line.as_ptr()) };
        line.to_str().expect("UTF-8").to_owned()
    };
    assert_eq!(written("a\0b\0"), "a?b?");
    let longest = "x".repeat(MAXIMUM_MESSAGE_BYTES);
    assert_eq!(written(&longest), longest);
    assert_eq!(written(&format!("{longest}x")), longest);
    let cut = format!("{}\u{fc}", &longest[1..]);
    assert_eq!(written(&cut), longest[1..]);
}

#[test]
fn levels_have_the_numbers_of_the_header() {
    let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
    assert_eq!(levels.map(number_of), [1, 2, 3, 4, 5]);
}
