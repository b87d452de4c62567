//! What belongs to one process and not to its children: generation, live state, runtime, signals.
//!
//! A forked child inherits a copy of every byte, but not the threads, and shares the kernel's objects behind the descriptors.
//! So nothing inherited is used, polled or dropped there: the child notices by its generation and starts with an empty live state.
//!
//! Knows nothing of what a live state holds, and neither DynamoDB nor the cache nor C. From the bottom: `system`, `stack`, `fork_gate`, `page`, `inside`,
//! `slot`, `replaceable`, `random`, `signals`, `flag` and `call_context`, `call`, `here`, `side_by_side`, `engine`, `runtime` and `socket`.

mod call;
mod call_context;
mod engine;
mod flag;
mod fork_gate;
mod here;
mod inside;
mod page;
mod random;
mod replaceable;
mod runtime;
mod side_by_side;
mod signals;
mod slot;
mod socket;
mod stack;
mod system;

pub(crate) use call_context::{carry, CallContext};
pub(crate) use engine::is_ending;
pub(crate) use here::{block_on_here, deadline, is_out_of_time, out_of_time, pause, pause_unless};
pub(crate) use inside::{enter, look_up, outside};
pub(crate) use page::{generation, generation_of_caller};
pub(crate) use random::token;
pub(crate) use replaceable::Replaceable;
pub(crate) use runtime::{on_a_thread_of_its_own, Runtime};
pub(crate) use side_by_side::{collected_side_by_side, side_by_side};
pub(crate) use signals::SignalsBlocked;
pub(crate) use slot::{Live, Slot};
pub(crate) use socket::{Interrupted, Socket};
pub(crate) use stack::own_stack;
