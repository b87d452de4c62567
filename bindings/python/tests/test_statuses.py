"""Status numbers and exception classes, compared with the C header."""

from __future__ import annotations

import pickle
import re

import pytest

import ld_dynamo_store
from conftest import Stub
from engine import repository
from ld_dynamo_store import STATUSES, Error, Store, StoreError, _errors, _logs, _native

HEADER = (repository / "include/ld_dynamo_store.h").read_text()
DEFINITIONS = {
    name: int(value) for name, value in re.findall(r"^#define LD_DYNAMO_(\w+) \(?(-?\d+)\)?$", HEADER, re.MULTILINE)
}
LOG_LEVELS = {name.removeprefix("LOG_"): DEFINITIONS[name] for name in DEFINITIONS if name.startswith("LOG_")}
FOR_LANGUAGES_WITHOUT_JSON = {"ld_dynamo_json_members"}
OTHER = {"VERSION_MAJOR", "VERSION_MINOR", "VERSION_PATCH", "ABI_MAJOR", "ABI_MINOR"}
FAILURES = {name: number for name, number in STATUSES.items() if number < 0}


def test_statuses_are_those_of_the_header() -> None:
    in_header = {n: v for n, v in DEFINITIONS.items() if n not in OTHER and not n.startswith("LOG_")}
    assert len(in_header) > 20
    assert in_header == STATUSES


def test_log_levels_are_those_of_the_header() -> None:
    assert _logs.LEVELS == LOG_LEVELS


def test_every_log_level_has_one_in_python() -> None:
    assert _logs._PYTHON_LEVELS.keys() == set(_logs.LEVELS.values())


def test_the_abi_version_is_one_that_the_header_has() -> None:
    assert DEFINITIONS["ABI_MAJOR"] == _native.ABI_MAJOR
    assert DEFINITIONS["ABI_MINOR"] >= _native.ABI_MINOR


def test_every_function_of_the_header_is_declared() -> None:
    functions = set(re.findall(r"\b(ld_dynamo_\w+)\(", HEADER))
    declared = {*_native._BLOCKING_FUNCTIONS, *_native._QUICK_FUNCTIONS, "ld_dynamo_abi_version"}
    assert functions - FOR_LANGUAGES_WITHOUT_JSON == declared


# Every class has the name of its status, but for these.
OTHER_NAMES = {"NULL_ARGUMENT": "InvalidArgument", "INVALID_CONFIGURATION": "Configuration", "SERVICE_ERROR": "Service"}


def class_of(name: str) -> type[StoreError]:
    words = OTHER_NAMES.get(name) or "".join(word.capitalize() for word in name.split("_"))
    found: type[StoreError] = getattr(ld_dynamo_store, f"{words}Error")
    return found


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_is_raised_as_its_own_class(stub: Stub, name: str) -> None:
    status = STATUSES[name]
    with Store("table", library=stub.path) as store, pytest.raises(StoreError) as raised:
        store.get("features", f"status:{status}")
    failure = raised.value
    assert type(failure) is class_of(name)
    assert failure.status == status
    assert str(failure) == failure.message == f"status {status}"
    assert failure.retriable == (-500 < status <= -300)
    assert failure.service_code == ("Code" if -300 < status <= -200 else None)
    assert stub.count("live_errors") == 0


def test_no_two_failures_share_a_class() -> None:
    classes = [_errors.error_class(status) for status in FAILURES.values()]
    assert len(set(classes)) == len(classes)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (-99, ld_dynamo_store.InvalidArgumentError),
        (-199, ld_dynamo_store.ConfigurationError),
        (-299, ld_dynamo_store.ServiceError),
        (-399, ld_dynamo_store.ThrottledError),
        (-499, ld_dynamo_store.ConnectivityError),
        (-599, ld_dynamo_store.CorruptItemError),
        (-699, ld_dynamo_store.ReadOnlyError),
        (-999, ld_dynamo_store.InternalError),
    ],
)
def test_a_status_of_a_newer_library_has_the_class_of_its_group(
    stub: Stub, status: int, expected: type[StoreError]
) -> None:
    with Store("table", library=stub.path) as store, pytest.raises(StoreError) as raised:
        store.get("features", f"status:{status}")
    assert type(raised.value) is expected
    assert raised.value.status == status


def test_a_status_of_a_new_group_is_a_store_error() -> None:
    assert _errors.error_class(-750) is StoreError


def test_a_failure_without_an_error_object(stub: Stub) -> None:
    with Store("table", library=stub.path) as store, pytest.raises(ld_dynamo_store.ThrottledError, match="-300"):
        store.get("features", "bare-status:-300")


def test_a_refused_configuration_frees_its_error(stub: Stub) -> None:
    with pytest.raises(ld_dynamo_store.ConfigurationError):
        Store("refused", library=stub.path)
    assert stub.count("live_errors") == 0
    assert stub.count("live_stores") == 0


@pytest.mark.parametrize("name", FAILURES)
def test_exceptions_survive_pickling(name: str) -> None:
    status = STATUSES[name]
    failure = _errors.error_class(status)("message", status, True, "Code")
    copy = pickle.loads(pickle.dumps(failure))
    assert type(copy) is type(failure)
    assert (copy.message, copy.status, copy.retriable, copy.service_code) == ("message", status, True, "Code")


def test_every_exception_is_public() -> None:
    def below(base: type[Error]) -> set[type[Error]]:
        return {base}.union(*(below(each) for each in base.__subclasses__()))

    assert {each.__name__ for each in below(Error)} <= set(ld_dynamo_store.__all__)
