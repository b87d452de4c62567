"""Credentials that an object finds: when it is asked, what is pushed, and what becomes of its failures."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.credentials import Credentials as StaticCredentials
from botocore.credentials import RefreshableCredentials

from conftest import Stub
from engine import FakeEngine, Table
from ld_dynamo_store import (
    ConfigurationError,
    CredentialsProvider,
    CredentialsSession,
    InvalidArgumentError,
    NoCredentialsError,
    Store,
    _credentials,
)
from test_fork import assert_children_succeed, in_child


class Frozen:
    def __init__(self, key: str, token: str | None = None) -> None:
        self.access_key, self.secret_key, self.token = key, f"secret of {key}", token


class Provider:
    """Gives what it is told to, or raises it, and counts how often it was asked."""

    def __init__(self, *answers: Frozen | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    def get_frozen_credentials(self) -> Frozen:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def always_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_credentials, "_SECONDS_BETWEEN_LOOKS", 0.0)


def signed_by(fake: FakeEngine) -> str:
    key: str = fake.control("headers/last")["access_key_id"]
    return key


def test_credentials_of_botocore(fake: FakeEngine, fake_table: Table) -> None:
    given = StaticCredentials("from-botocore", "secret", "token")
    assert isinstance(given, CredentialsProvider)
    with fake_table.store(credentials=given) as store:
        assert store.get("features", "a") is None
    headers = fake.control("headers/last")
    assert headers["access_key_id"] == "from-botocore"
    assert "x-amz-security-token" in headers["names"]


def test_sessions(fake: FakeEngine, fake_table: Table) -> None:
    of_boto3 = boto3.Session(aws_access_key_id="of-boto3", aws_secret_access_key="secret")
    of_botocore = botocore.session.Session()
    of_botocore.set_credentials("of-botocore", "secret")
    for session, key in ((of_boto3, "of-boto3"), (of_botocore, "of-botocore")):
        assert isinstance(session, CredentialsSession)
        with fake_table.store(credentials=session) as store:
            store.check_available()
        assert signed_by(fake) == key


def test_botocore_renews_them(fake: FakeEngine, fake_table: Table, always_looking: None) -> None:
    keys = iter(["first", "second"])

    def metadata() -> dict[str, Any]:
        # Botocore renews what lasts less than ten minutes before it hands it out again.
        expiry = datetime.now(timezone.utc) + timedelta(minutes=5)
        return {
            "access_key": next(keys),
            "secret_key": "secret",
            "token": "token",
            "expiry_time": expiry.isoformat(),
        }

    given = RefreshableCredentials.create_from_metadata(metadata(), metadata, "test")
    with fake_table.store(credentials=given) as store:
        store.check_available()
        assert signed_by(fake) == "second"
        # Now renewing fails, but for minutes they are still good.
        store.check_available()
        assert signed_by(fake) == "second"


def test_the_expiry_of_botocore_is_pushed(stub: Stub) -> None:
    expiry = datetime(2040, 1, 1, 0, 0, 0, 123999, tzinfo=timezone.utc)
    given = RefreshableCredentials("key", "secret", "token", expiry, lambda: {}, "test")
    with Store("table", library=stub.path, credentials=given) as store:
        assert json.loads(stub.last("configuration"))["credentials"] == "pushed"
        store.get("features", "a")
    assert json.loads(stub.last("credentials")) == {
        "access_key_id": "key",
        "secret_access_key": "secret",
        "session_token": "token",
        "expires_ms": 2208988800123,
    }


def test_only_what_changed_is_pushed(stub: Stub, always_looking: None) -> None:
    given = Provider(Frozen("a"), Frozen("a"), Frozen("b"), Frozen("b"))
    with Store("table", library=stub.path, credentials=given) as store:
        assert given.asked == 0
        pushes = []
        for _ in range(4):
            store.get("features", "a")
            pushes.append(stub.count("pushes"))
        assert pushes == [1, 1, 2, 2]
        store.stats()
        assert given.asked == 4


def test_the_object_is_asked_once_a_second(stub: Stub) -> None:
    given = Provider(Frozen("a"))
    with Store("table", library=stub.path, credentials=given) as store:
        for _ in range(100):
            store.get("features", "a")
    assert given.asked <= 2


def test_those_who_wait_for_the_first_ones_fail_together(stub: Stub) -> None:
    class Slow(Provider):
        def get_frozen_credentials(self) -> Frozen:
            time.sleep(0.3)
            return super().get_frozen_credentials()

    given = Slow(RuntimeError("not now"))
    failures: list[NoCredentialsError] = []
    with Store("table", library=stub.path, credentials=given) as store:

        def read() -> None:
            try:
                store.get("features", "a")
            except NoCredentialsError as failure:
                failures.append(failure)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert (len(failures), given.asked) == (4, 1)


def test_a_first_failure_is_raised(stub: Stub, always_looking: None) -> None:
    given = Provider(RuntimeError("the sign-on\nhas ended"), Frozen("a"))
    with Store("table", library=stub.path, credentials=given) as store:
        with pytest.raises(NoCredentialsError, match="RuntimeError: the sign-on has ended") as raised:
            store.get("features", "a")
        assert isinstance(raised.value.__cause__, RuntimeError)
        assert raised.value.retriable
        assert store.get("features", "a") is not None
    nobody = botocore.session.Session()
    nobody.get_component("credential_provider").providers.clear()
    with (
        Store("table", library=stub.path, credentials=nobody) as store,
        pytest.raises(NoCredentialsError, match="none"),
    ):
        store.get("features", "a")


def test_a_later_failure_is_logged_once_a_minute(
    stub: Stub, always_looking: None, caplog: pytest.LogCaptureFixture
) -> None:
    given = Provider(Frozen("a"), RuntimeError("not now"))
    with caplog.at_level(logging.WARNING), Store("table", library=stub.path, credentials=given) as store:
        for _ in range(3):
            assert store.get("features", "a") is not None
    assert [record.getMessage() for record in caplog.records] == [
        "the AWS credentials were not renewed, and those that are known are used: RuntimeError: not now"
    ]


def test_looks_are_a_second_apart_and_warnings_a_minute(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1000.0
    monkeypatch.setattr(_credentials, "time", SimpleNamespace(monotonic=lambda: now))
    given = Provider(Frozen("a"), RuntimeError("not now"))
    found = []
    with caplog.at_level(logging.WARNING), Store("table", library=stub.path, credentials=given) as store:
        for later in (0, 0.9, 0.2, 0.9, 58, 2):
            now += later
            store.get("features", "a")
            found.append((given.asked, len(caplog.records)))
    assert found == [(1, 0), (1, 0), (2, 1), (2, 1), (3, 1), (4, 2)]


def test_expired_ones_are_not_sent(fake: FakeEngine, fake_table: Table, always_looking: None) -> None:
    given = RefreshableCredentials("key", "secret", None, datetime.now(timezone.utc), lambda: {}, "test")
    given._refresh = lambda: None
    with fake_table.store(credentials=given) as store, pytest.raises(NoCredentialsError, match="expired") as raised:
        store.check_available()
    assert raised.value.retriable
    assert fake.requests("GetItem") == 0


def test_others_do_not_wait_for_a_renewal(stub: Stub, always_looking: None) -> None:
    renewing, go_on = threading.Event(), threading.Event()

    class Slow(Provider):
        def get_frozen_credentials(self) -> Frozen:
            if self.asked == 1:
                renewing.set()
                assert go_on.wait(10)
            return super().get_frozen_credentials()

    with Store("table", library=stub.path, credentials=Slow(Frozen("a"), Frozen("a"), Frozen("b"))) as store:
        store.get("features", "a")
        thread = threading.Thread(target=store.get, args=("features", "a"))
        thread.start()
        assert renewing.wait(10)
        store.get("features", "a")
        go_on.set()
        thread.join(10)


def test_children_have_them(fake: FakeEngine, fake_table: Table, always_looking: None) -> None:
    given = Provider(Frozen("a"), Frozen("a"), Frozen("b"))
    with fake_table.store(credentials=given) as store:
        store.check_available()

        def work() -> None:
            # Another thread of the parent's held it.
            assert store._renewal is not None
            store._renewal._locks[os.getppid()].acquire(blocking=False)
            store.check_available()
            store.check_available()
            assert signed_by(fake) == "b"

        assert_children_succeed([in_child(work)])
        store.check_available()
        assert signed_by(fake) == "a"


def test_pushed_by_hand(fake: FakeEngine, fake_table: Table) -> None:
    with fake_table.store(credentials="pushed") as store:
        with pytest.raises(NoCredentialsError, match="pushed"):
            store.check_available()
        store.set_credentials({"access_key_id": "by-hand", "secret_access_key": "secret", "expires_ms": None})
        store.check_available()
        assert signed_by(fake) == "by-hand"
        store.set_credentials({"access_key_id": "old", "secret_access_key": "secret", "expires_ms": 1000})
        with pytest.raises(NoCredentialsError, match="1970-01-01T00:00:01Z") as raised:
            store.check_available()
        assert raised.value.retriable
        with pytest.raises(ConfigurationError, match="expires"):
            store.set_credentials({"access_key_id": "a", "secret_access_key": "hidden", "expires": 1})


def test_pushed_by_hand_as_text(fake: FakeEngine, fake_table: Table) -> None:
    text = '{"access_key_id": "as-text", "secret_access_key": "secret", "session_token": "token"}'
    with fake_table.store(credentials="pushed") as store:
        for given in (text, text.replace("as-text", "as-bytes").encode()):
            store.set_credentials(given)
            store.check_available()
            assert signed_by(fake) == json.loads(given)["access_key_id"]
        for wrong in ("hidden", b"hidden", "{}\0", b"{}\0", "\ud800", b"\xff"):
            with pytest.raises(InvalidArgumentError) as raised:
                store.set_credentials(wrong)
            assert "hidden" not in str(raised.value)


def test_an_object_that_finds_them_is_not_pushed_by_hand(fake_table: Table) -> None:
    with fake_table.store(credentials="pushed") as store:
        frozen = StaticCredentials("key", "hidden").get_frozen_credentials()
        for given in (boto3.Session(), botocore.session.Session(), StaticCredentials("key", "hidden")):
            with pytest.raises(TypeError, match=r"mapping.*to the constructor of the store, as credentials="):
                store.set_credentials(given)
        for other in (frozen, None, 7, [("access_key_id", "hidden")]):
            with pytest.raises(TypeError, match="takes a mapping or JSON text, not") as raised:
                store.set_credentials(other)  # type: ignore[arg-type]
            assert "hidden" not in str(raised.value)


def test_where_they_are_refused(fake_table: Table) -> None:
    with fake_table.store() as store, pytest.raises(ConfigurationError, match="pushed"):
        store.set_credentials({"access_key_id": "a", "secret_access_key": "b"})
    with pytest.raises(ConfigurationError, match="share"):
        fake_table.store(credentials=Provider(Frozen("a")), share=True)
    with pytest.raises(ConfigurationError, match="credentials"):
        fake_table.store(credentials="hidden")
    with pytest.raises(TypeError, match="credentials must be"):
        fake_table.store(credentials=7)


def test_a_first_push_that_is_refused_is_raised(fake_table: Table) -> None:
    store = fake_table.store(credentials=Provider(Frozen("a\n")))
    with store, pytest.raises(ConfigurationError, match="access_key_id"):
        store.check_available()


def test_the_sdk_s_stores_take_them(fake: FakeEngine, fake_table: Table) -> None:
    from ld_dynamo_store.launchdarkly import new_big_segment_store

    opts = {"endpoint_url": fake.endpoint, "region_name": "us-east-1"}
    store = new_big_segment_store(fake_table.name, None, opts, options={"credentials": Provider(Frozen("of-the-host"))})
    store.get_metadata()
    store.stop()
    assert signed_by(fake) == "of-the-host"


def test_the_sdk_s_asynchronous_stores_take_them(fake: FakeEngine, fake_table: Table) -> None:
    from ld_dynamo_store.launchdarkly import async_big_segment_store

    async def read() -> None:
        opts = {"endpoint_url": fake.endpoint, "region_name": "us-east-1"}
        options = {"credentials": Provider(Frozen("asynchronous"))}
        store = async_big_segment_store(fake_table.name, None, opts, options=options)
        await store.get_metadata()
        await store.stop()

    asyncio.run(read())
    assert signed_by(fake) == "asynchronous"
