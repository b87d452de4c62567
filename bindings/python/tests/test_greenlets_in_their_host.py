"""Greenlets of gevent and eventlet beside logs, signals, forks and the exit of their process."""

from __future__ import annotations

from conftest import Stub
from engine import Table
from greenlet_programs import LIBRARIES, OURS, TICKS, both_libraries, run, with_stub, with_table


@both_libraries
def test_logs_come_in_the_greenlet_that_called(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
class Handler(logging.Handler):
    def emit(self, record):
        # Switches to other greenlets, which make calls of their own.
        sleep(0.02)
        seen.append((record.getMessage(), getcurrent()))
seen = []
handler = Handler()
handler.createLock = lambda: None
handler.lock = None
logging.getLogger("ld_dynamo_store").addHandler(handler)
def call(number, prefix):
    store.get("features", f"{prefix}log:2:{number}")
    return str(number), getcurrent()
for prefix in ("", "cached"):
    callers = results([spawn(call, number, "") for number in range(20)])
    assert sorted(seen, key=lambda each: int(each[0])) == callers, seen
    seen.clear()
""",
    )


@both_libraries
def test_what_an_abandoned_call_logs_comes_with_the_next(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
seen = []
handler = logging.Handler()
handler.emit = lambda record: seen.append((record.getMessage(), getcurrent()))
logging.getLogger("ld_dynamo_store").addHandler(handler)
try:
    with Timeout(0.05):
        store.get("features", "log-after:200")
except Timeout:
    pass
sleep(0.3)
assert seen == []
store.get("features", "a")
assert seen == [("late", getcurrent())]
""",
    )


@both_libraries
def test_what_a_logger_raises_comes_out_of_the_call(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
class Raising(logging.Filter):
    def filter(self, record):
        raise ValueError("filter")
logging.getLogger("ld_dynamo_store").addFilter(Raising())
try:
    store.get("features", "log:1:text")
except ValueError as failure:
    assert str(failure) == "filter"
    assert stub.stub_live_strings() == 0
    sys.exit(0)
sys.exit("no error")
""",
    )


@both_libraries
def test_a_signal_interrupts_the_wait(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        """
sleep(0)
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.2)
begun = time.monotonic()
try:
    store.get("features", "sleep:3000")
except KeyboardInterrupt:
    assert time.monotonic() - begun < 2
    assert store.get("features", "a") is not None
    sys.exit(0)
sys.exit("no interrupt")
""",
        errors=True,  # gevent's own word about the interrupt.
    )


@both_libraries
def test_a_child_has_threads_of_its_own(library: str, table: Table) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_table(table),
        """
from ld_dynamo_store import UnreachableError
store.init({"features": {"a": {"version": 1}}})
results([spawn(store.get, "features", "a") for _ in range(10)])
def in_child():
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            assert results([spawn(store.get, "features", "a") for _ in range(10)]) == [{"version": 1}] * 10
            os._exit(0)
        finally:
            os._exit(1)
    return child
children = [in_child() for _ in range(3)]
# While calls are under way, which fail in the child.
def get():
    try:
        return store.get("features", "a")
    except UnreachableError:
        pass
greenlets = [spawn(get) for _ in range(10)]
sleep(0)
children += [in_child() for _ in range(3)]
assert results(greenlets) == [{"version": 1}] * 10
for child in children:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert results([spawn(store.get, "features", "a") for _ in range(10)]) == [{"version": 1}] * 10
""",
    )


@both_libraries
def test_a_call_under_way_at_a_fork_fails_in_the_child(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        """
from ld_dynamo_store import UnreachableError
def get():
    try:
        return store.get("features", "sleep:300")
    except UnreachableError as failure:
        return "forked" in str(failure) and failure.retriable
greenlets = [spawn(get) for _ in range(3)]
sleep(0.1)
child = os.fork()
if child == 0:
    signal.alarm(20)
    failed = results(greenlets)
    used = time.process_time()
    sleep(0.2)
    store.close()
    # None of them goes round and round, and none keeps the child's store.
    os._exit(0 if failed == [True] * 3 and time.process_time() - used < 0.1 and stub.stub_live_stores() == 0 else 1)
assert [item["version"] for item in results(greenlets)] == [1] * 3
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
""",
    )


@both_libraries
def test_an_exit_waits_a_second_at_most(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        """
import atexit
signal.alarm(5)
spawn(store.get, "features", "sleep:60000")
sleep(0.1)
""",
    )


@both_libraries
def test_an_answer_without_descriptors_or_threads(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
from ld_dynamo_store import _daemon_threads, _greenlets
def fail(*arguments):
    raise RuntimeError("can't start new thread")
start, _daemon_threads._start = _daemon_threads._start, fail
assert store.get("features", "thread")["version"] == os.getpid()
_daemon_threads._start = start
def fail(*arguments):
    raise OSError(24, "Too many open files")
_greenlets.socketpair = fail
assert store.get("features", "thread")["version"] == os.getpid()
""",
    )
