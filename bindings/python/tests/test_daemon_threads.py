"""The threads that make calls for event loops and greenlets: how many there are, and what follows those that ended."""

from __future__ import annotations

import threading
import time

import pytest

from ld_dynamo_store import _daemon_threads
from ld_dynamo_store._daemon_threads import DaemonThreads

LONGEST_WAIT = 30.0


def calls_at_once(threads: DaemonThreads, count: int) -> int:
    """Has so many calls wait for each other, as far as there are threads for them; how many were under way at once."""
    under_way = threading.Semaphore(0)
    end = threading.Event()
    done = [threading.Event() for _ in range(count)]

    def call(of: threading.Event) -> None:
        under_way.release()
        end.wait(LONGEST_WAIT)
        of.set()

    for event in done:
        threads.submit(lambda event=event: call(event))  # type: ignore[misc]
    started = 0
    while started < count and under_way.acquire(timeout=1.0):
        started += 1
    end.set()
    assert all(event.wait(LONGEST_WAIT) for event in done)
    return started


def test_at_most_sixteen() -> None:
    assert calls_at_once(DaemonThreads(), 17) == 16


def test_those_that_ended_for_want_of_work_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_daemon_threads, "_IDLE_SECONDS", 0.01)
    threads = DaemonThreads()
    before = threading.active_count()
    for _ in range(2):
        assert calls_at_once(threads, 16) == 16
        deadline = time.monotonic() + LONGEST_WAIT
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert threading.active_count() == before
