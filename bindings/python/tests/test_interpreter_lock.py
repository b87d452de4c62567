"""Other Python threads run while one is in a native call."""

from __future__ import annotations

import threading
import time

from conftest import Stub
from ld_dynamo_store import Store


def test_a_call_releases_the_interpreter_lock(stub: Stub) -> None:
    ticks = 0
    running = True

    def tick() -> None:
        nonlocal ticks
        while running:
            time.sleep(0.001)
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    with Store("table", library=stub.path) as store:
        before = ticks
        store.get("features", "sleep:500")
        during = ticks - before
    running = False
    thread.join()
    # A call that holds the lock leaves at most the tick that was under way.
    assert during > 50


def test_calls_of_many_threads_run_at_the_same_time(stub: Stub) -> None:
    with Store("table", library=stub.path) as store:
        threads = [threading.Thread(target=store.get, args=("features", "sleep:200")) for _ in range(16)]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - begun < 1.6  # One after the other would take 3.2 s.
