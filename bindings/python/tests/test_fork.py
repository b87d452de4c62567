"""Stores that were made and used before a fork serve the parent and every child."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from engine import Table
from ld_dynamo_store import Store

CHILDREN = 20
THREADS = 8
SECONDS_FOR_A_CHILD = 30


def in_child(work: Callable[[], None]) -> int:
    """Forks; the child does the work and ends without running this process's exit functions. Returns its id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        signal.alarm(SECONDS_FOR_A_CHILD)  # A hang must end the child.
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def assert_children_succeed(children: list[int]) -> None:
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert statuses == [0] * len(children)


@pytest.fixture
def store(table: Table) -> Store:
    store = table.store()
    store.init({"features": {"a": {"version": 1}}})
    return store


def check(store: Store) -> None:
    assert store.get("features", "a") == {"version": 1}
    assert store.all("features").keys() >= {"a"}
    assert store.get("features", "absent") is None


def test_a_store_used_before_the_fork(store: Store) -> None:
    check(store)
    assert_children_succeed([in_child(lambda: check(store)) for _ in range(CHILDREN)])
    check(store)


def test_a_store_not_used_before_the_fork(table: Table) -> None:
    with table.store() as writer:
        writer.init({"features": {"a": {"version": 1}}})
    store = table.store()
    assert_children_succeed([in_child(lambda: check(store)) for _ in range(4)])
    check(store)


def test_a_child_of_a_child(store: Store) -> None:
    def child() -> None:
        check(store)
        assert_children_succeed([in_child(lambda: check(store))])
        check(store)

    assert_children_succeed([in_child(child)])
    check(store)


def test_children_write(store: Store) -> None:
    def work(number: int) -> Callable[[], None]:
        return lambda: None if store.upsert("features", f"child-{number}", {"version": 1}) else os._exit(2)

    assert_children_succeed([in_child(work(number)) for number in range(8)])
    assert store.all("features").keys() == {"a", *(f"child-{number}" for number in range(8))}


@pytest.mark.parametrize("use_first", [False, True])
def test_a_child_closes_what_it_inherited(store: Store, use_first: bool) -> None:
    def work() -> None:
        if use_first:
            check(store)
        store.close()
        assert store.closed

    assert_children_succeed([in_child(work) for _ in range(4)])
    check(store)


def test_fork_while_threads_are_in_calls(store: Store) -> None:
    fork_while_threads_are_in_calls(store, CHILDREN)


@pytest.mark.stress
def test_fork_while_threads_are_in_calls_often(store: Store) -> None:
    fork_while_threads_are_in_calls(store, 1000)


def fork_while_threads_are_in_calls(store: Store, children: int) -> None:
    running = True
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while running:
                check(store)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(children):
            assert_children_succeed([in_child(lambda: check(store))])
    finally:
        running = False
        for thread in threads:
            thread.join()
    assert failures == []


def answer(settings: dict[str, Any], table: str, connection: Connection) -> None:
    """Runs in another process; stands at the top of the module so that ``spawn`` finds it."""
    with Store(table, **settings) as store:
        connection.send(store.get("features", "a"))


inherited: Store | None = None


def answer_with_inherited(connection: Connection) -> None:
    assert inherited is not None
    connection.send(inherited.get("features", "a"))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(store: Store, table: Table, method: str) -> None:
    check(store)
    context = multiprocessing.get_context(method)
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=answer, args=(table.settings, table.name, sending))  # type: ignore[attr-defined]
    process.start()
    try:
        assert receiving.poll(SECONDS_FOR_A_CHILD)
        assert receiving.recv() == {"version": 1}
        process.join(SECONDS_FOR_A_CHILD)
        assert process.exitcode == 0
    finally:
        process.kill()
    check(store)


def test_multiprocessing_with_an_inherited_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    check(store)
    monkeypatch.setitem(globals(), "inherited", store)
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=answer_with_inherited, args=(sending,))
    process.start()
    try:
        assert receiving.poll(SECONDS_FOR_A_CHILD)
        assert receiving.recv() == {"version": 1}
        process.join(SECONDS_FOR_A_CHILD)
        assert process.exitcode == 0
    finally:
        process.kill()


APPLICATION = """
import json, os
from ld_dynamo_store import Store

store = Store(os.environ["TABLE"], **json.loads(os.environ["SETTINGS"]))
assert store.get("features", "a") == {"version": 1}  # The connection is open before the workers are forked.
MASTER = os.getpid()


def application(environ, start_response):
    item = store.get("features", "a")
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"item": item, "pid": os.getpid(), "master": MASTER}).encode()]
"""


@pytest.mark.parametrize("worker", [["--worker-class", "sync"], ["--worker-class", "gthread", "--threads", "4"]])
def test_gunicorn_with_preload(store: Store, table: Table, tmp_path: Path, worker: list[str]) -> None:
    (tmp_path / "application.py").write_text(APPLICATION)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    environment = {**os.environ, "TABLE": table.name, "SETTINGS": json.dumps(table.settings)}
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "4", "--bind", address, *worker]
    log = tmp_path / "gunicorn.log"
    with log.open("w") as output:
        server = subprocess.Popen([*command, "application"], cwd=tmp_path, env=environment, stderr=output)
    try:
        answers = [ask(address, server) for _ in range(200)]
        assert {json.dumps(each["item"]) for each in answers} == {'{"version": 1}'}
        workers = {each["pid"] for each in answers}
        assert all(each["master"] == server.pid for each in answers)
        assert server.pid not in workers
        # Requests go to whichever worker is idle, so ask until each of the four has answered.
        deadline = time.monotonic() + SECONDS_FOR_A_CHILD
        while len(workers) < 4 and time.monotonic() < deadline:
            threads = [threading.Thread(target=lambda: workers.add(ask(address, server)["pid"])) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(workers) == 4
    finally:
        server.terminate()
        server.wait(SECONDS_FOR_A_CHILD)
    report = log.read_text()
    assert server.returncode == 0, report
    assert "Traceback" not in report
    assert "was sent SIG" not in report


def ask(address: str, server: subprocess.Popen[bytes]) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS_FOR_A_CHILD
    while True:
        with (
            suppress(ConnectionError, urllib.error.URLError),
            urllib.request.urlopen(f"http://{address}/", timeout=10) as response,
        ):
            answered: dict[str, Any] = json.load(response)
            return answered
        assert server.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
