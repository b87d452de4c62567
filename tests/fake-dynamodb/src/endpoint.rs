//! The state all connections share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::Duration;

use hyper::HeaderMap;
use tokio::sync::{watch, Notify};

use crate::journal::Journal;
use crate::operations::Tokens;
use crate::rules::Rules;
use crate::table::{Table, Tables};

pub struct Endpoint {
    pub tables: RwLock<Tables>,
    pub tokens: Mutex<Tokens>,
    rules: Mutex<Rules>,
    journal: Mutex<Journal>,
    pub connections: Mutex<Connections>,
    pub last_headers: Mutex<HeaderMap>,
    latency_nanos: AtomicU64,
    /// Changes at each reset, which lets go of black-holed requests.
    pub resets: watch::Sender<u64>,
}

impl Endpoint {
    pub fn new(tables: &[String], latency: Duration) -> Endpoint {
        Endpoint {
            tables: RwLock::new(
                tables
                    .iter()
                    .map(|name| (name.clone(), Table::standard(name)))
                    .collect(),
            ),
            tokens: Mutex::default(),
            rules: Mutex::default(),
            journal: Mutex::new(Journal::new()),
            connections: Mutex::default(),
            last_headers: Mutex::default(),
            latency_nanos: AtomicU64::new(latency.as_nanos() as u64),
            resets: watch::Sender::new(0),
        }
    }

    pub fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap()
    }

    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap()
    }

    pub fn latency(&self) -> Duration {
        Duration::from_nanos(self.latency_nanos.load(Ordering::Relaxed))
    }

    pub fn set_latency(&self, latency: Duration) {
        self.latency_nanos.store(latency.as_nanos() as u64, Ordering::Relaxed);
    }
}

/// One connection, as the control requests see it.
pub struct Peer {
    pub id: u64,
    /// A request is between its arrival and its answer.
    pub busy: AtomicBool,
    /// It began with a control request, so it is not a client's.
    control: AtomicBool,
    judged: AtomicBool,
    pub close: Notify,
}

#[derive(Default)]
pub struct Connections {
    last_id: u64,
    opened: u64,
    open: BTreeMap<u64, Arc<Peer>>,
}

impl Connections {
    pub fn open(&mut self) -> Arc<Peer> {
        self.last_id += 1;
        self.opened += 1;
        let peer = Arc::new(Peer {
            id: self.last_id,
            busy: AtomicBool::new(false),
            control: AtomicBool::new(false),
            judged: AtomicBool::new(false),
            close: Notify::new(),
        });
        self.open.insert(peer.id, peer.clone());
        peer
    }

    pub fn closed(&mut self, peer: &Peer) {
        self.open.remove(&peer.id);
    }

    /// A connection whose first request is a control request is none of the client's.
    pub fn took_control(&mut self, peer: &Peer) {
        if !peer.judged.swap(true, Ordering::Relaxed) {
            peer.control.store(true, Ordering::Relaxed);
            self.opened = self.opened.saturating_sub(1);
        }
    }

    pub fn opened(&self) -> u64 {
        self.opened
    }

    pub fn open_clients(&self) -> usize {
        self.clients().count()
    }

    /// Connections stay open at a reset; only those opened later are counted.
    pub fn reset(&mut self) {
        self.opened = 0;
    }

    /// Tells the idle ones to close; gives their ids.
    pub fn close_idle(&self) -> Vec<u64> {
        let idle = self.clients().filter(|peer| !peer.busy.load(Ordering::Relaxed));
        idle.inspect(|peer| peer.close.notify_one())
            .map(|peer| peer.id)
            .collect()
    }

    pub fn any_open(&self, ids: &[u64]) -> bool {
        ids.iter().any(|id| self.open.contains_key(id))
    }

    fn clients(&self) -> impl Iterator<Item = &Arc<Peer>> {
        self.open.values().filter(|peer| !peer.control.load(Ordering::Relaxed))
    }
}

impl Peer {
    /// A request of a client arrived first.
    pub fn is_client(&self) {
        self.judged.store(true, Ordering::Relaxed);
    }
}
