"""boto3's client options and what becomes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.config import Config

from conftest import Stub
from ld_dynamo_store import ConfigurationError
from ld_dynamo_store._dynamodb_options import store_settings
from ld_dynamo_store.launchdarkly import UnsupportedOptionError, new_big_segment_store, new_feature_store

TRANSLATIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"region_name": "eu-west-1"}, {"region": "eu-west-1"}),
    ({"endpoint_url": "http://127.0.0.1:1"}, {"endpoint": "http://127.0.0.1:1"}),
    ({"profile_name": "p"}, {"profile": "p"}),
    (
        {"aws_access_key_id": "a", "aws_secret_access_key": "b"},
        {"credentials": {"access_key_id": "a", "secret_access_key": "b"}},
    ),
    (
        {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_session_token": "c"},
        {"credentials": {"access_key_id": "a", "secret_access_key": "b", "session_token": "c"}},
    ),
    ({"region_name": None, "aws_access_key_id": None, "config": None}, {}),
    ({"verify": True}, {}),
    ({"verify": "/ca.pem"}, {"ca_bundle": "/ca.pem"}),
    ({"use_ssl": True}, {}),
    ({"use_ssl": False, "endpoint_url": "http://h:1"}, {"endpoint": "http://h:1"}),
    ({"api_version": "2012-08-10"}, {}),
    ({"config": Config()}, {}),
    ({"config": Config(region_name="eu-west-1")}, {"region": "eu-west-1"}),
    ({"config": Config(region_name="eu-west-1"), "region_name": "us-east-1"}, {"region": "us-east-1"}),
    ({"config": {"region_name": "eu-west-1"}}, {"region": "eu-west-1"}),
    (
        {"config": Config(connect_timeout=0.25, read_timeout=0.5)},
        {"connect_timeout_ms": 250, "attempt_timeout_ms": 750},
    ),
    ({"config": Config(read_timeout=0.5)}, {"attempt_timeout_ms": 1500}),
    (
        {"config": Config(connect_timeout=2, read_timeout=10)},
        {"connect_timeout_ms": 2000, "attempt_timeout_ms": 12000, "operation_timeout_ms": 36000},
    ),
    ({"config": Config(retries={"max_attempts": 0})}, {"max_attempts": 1}),
    ({"config": Config(retries={"max_attempts": 4})}, {"max_attempts": 5, "operation_timeout_ms": 10000}),
    ({"config": Config(retries={"total_max_attempts": 2})}, {"max_attempts": 2}),
    ({"config": Config(retries={"max_attempts": 8, "total_max_attempts": 2})}, {"max_attempts": 2}),
    ({"config": Config(retries={"mode": "standard"})}, {"retry_mode": "standard"}),
    ({"config": Config(retries={"mode": "adaptive"})}, {"retry_mode": "adaptive"}),
    ({"config": Config(max_pool_connections=7)}, {}),
    ({"config": Config(proxies={"https": "proxy:1", "http": "other:2"})}, {"proxy": "http://proxy:1"}),
    (
        {"config": Config(proxies={"https": "proxy:1", "http": "https://other:2"}), "endpoint_url": "http://h:1"},
        {"endpoint": "http://h:1", "proxy": "https://other:2"},
    ),
    ({"config": Config(proxies={"http": "other:2"})}, {}),
]


@pytest.mark.parametrize(("options", "settings"), TRANSLATIONS)
def test_translation(options: dict[str, Any], settings: dict[str, Any]) -> None:
    assert store_settings(options) == settings


@pytest.mark.parametrize(
    ("options", "named", "replacement"),
    [
        ({"aws_account_id": "1"}, "aws_account_id", "endpoint_url"),
        ({"verify": False}, "verify=False", "root certificates"),
        ({"use_ssl": False}, "use_ssl", "http://"),
        ({"api_version": "2011-12-05"}, "api_version", "2012-08-10"),
        ({"no_such_option": 1}, "no_such_option", "leave it out"),
        ({"config": Config(user_agent_extra="x")}, "config.user_agent_extra", "leave it out"),
        ({"config": Config(client_cert="x")}, "config.client_cert", "proxy"),
        ({"config": Config(use_dualstack_endpoint=True)}, "config.use_dualstack_endpoint", "endpoint_url"),
        ({"config": Config(retries={"mode": "legacy"})}, "config.retries mode 'legacy'", '"standard"'),
        ({"config": {"retries": {"jitter": 1}}}, "config.retries.jitter", "leave it out"),
        ({"config": Config(proxies={"socks": "x"})}, "config.proxies.socks", '"https"'),
        ({"config": Config(s3={"addressing_style": "path"})}, "config.s3", "leave it out"),
    ],
)
def test_what_has_no_counterpart_is_named(options: dict[str, Any], named: str, replacement: str) -> None:
    with pytest.raises(UnsupportedOptionError) as raised:
        new_feature_store("table", dynamodb_opts=options)
    assert f"dynamodb_opts: {named} is not supported" in str(raised.value)
    assert replacement in str(raised.value)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("region", "did you mean region_name?"),
        ("aws_region", "did you mean region_name?"),
        ("regoin_name", "did you mean region_name?"),
        ("endpoint", "did you mean endpoint_url?"),
        ("url", "did you mean endpoint_url?"),
        ("profile", "did you mean profile_name?"),
        ("access_key_id", "did you mean aws_access_key_id?"),
        ("secret_access_key", "did you mean aws_secret_access_key?"),
        ("aws_secret_key", "did you mean aws_secret_access_key?"),
        ("session_token", "did you mean aws_session_token?"),
        ("verify_ssl", "did you mean verify?"),
        ("ca_bundle", "did you mean verify?"),
        ("proxy", "did you mean config.proxies?"),
        ("timeout", "did you mean config.read_timeout?"),
        ("retries", "give it as config=Config(retries=…)"),
        ("prefix", "it is an argument of its own"),
        ("read_only", "give it in options"),
        ("service_name", "leave it out"),
        ("config.region", "did you mean config.region_name?"),
        ("config.endpoint_url", "give endpoint_url beside config"),
        ("config.max_attempts", "did you mean config.retries?"),
    ],
)
def test_a_name_that_is_not_spelt_as_boto3_does(name: str, advice: str) -> None:
    option = name.removeprefix("config.")
    options = {"config": {option: "x"}} if option != name else {name: "x"}
    with pytest.raises(UnsupportedOptionError) as raised:
        store_settings(options)
    assert str(raised.value).startswith(f"dynamodb_opts: {name} is not supported; {advice}")
    assert raised.value.option == name


def test_every_option_of_botocore_is_either_translated_or_named() -> None:
    translated = {"region_name", "connect_timeout", "read_timeout", "max_pool_connections", "retries", "proxies"}
    for name in set(Config.OPTION_DEFAULTS) - translated:
        with pytest.raises(UnsupportedOptionError, match=rf"config\.{name} is not supported; (?!did you mean)\w+"):
            store_settings({"config": {name: "x"}})


@pytest.mark.parametrize("missing", ["aws_access_key_id", "aws_secret_access_key"])
def test_half_of_the_credentials(missing: str) -> None:
    options = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_session_token": "c"}
    del options[missing]
    with pytest.raises(ValueError, match=f"{missing} is missing"):
        store_settings(options)


def test_a_config_of_another_type() -> None:
    with pytest.raises(TypeError, match="botocore Config"):
        store_settings({"config": 1})


@pytest.mark.parametrize("make", [new_feature_store, new_big_segment_store])
def test_the_store_under_the_sdk_does_not_cache(stub: Stub, make: Any) -> None:
    make(
        "table",
        "prefix",
        {"region_name": "eu-west-1"},
        options={"consistent_reads": False, "region": "us-east-1"},
        library=stub.path,
    )
    assert json.loads(stub.last("configuration")) == {
        "table": "table",
        "prefix": "prefix",
        "region": "us-east-1",
        "consistent_reads": False,
        "cache_ttl_ms": 0,
    }
    with pytest.raises(ValueError, match="use caching"):
        make("table", options={"cache_ttl_ms": 1}, library=stub.path)


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match="max_attempts"):
        new_feature_store("table", options={"max_attempts": "x"})
