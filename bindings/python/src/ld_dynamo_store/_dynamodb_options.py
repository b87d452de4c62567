"""Translates boto3's client options, which LaunchDarkly's own store takes, into a configuration of this library.

An option without a counterpart is an error that names it, never a silent difference.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .store import Store

# The library's own defaults.
_CONNECT_TIMEOUT_MS = 1000
_ATTEMPT_TIMEOUT_MS = 2000
_OPERATION_TIMEOUT_MS = 5000
_ATTEMPTS = 3

_CREDENTIAL_OPTIONS = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
}

# Where an option's work is done, for options that have no counterpart.
_REPLACEMENTS = {
    "aws_account_id": "leave it out: requests go to the regional endpoint or to endpoint_url",
    "service_name": 'leave it out: the service is "dynamodb"',
    "use_ssl": 'give endpoint_url with "http://"',
    "config.client_cert": "client certificates are not supported; use a proxy that presents one",
    "config.proxies_config": "put the proxy's user and password into its address in config.proxies",
    "config.user_agent": "leave it out: the library names itself",
    "config.user_agent_extra": "leave it out: the library names itself",
    "config.user_agent_appid": "leave it out: the library names itself",
    "config.signature_version": "leave it out: requests are signed with Signature Version 4",
    "config.tcp_keepalive": "leave it out: idle connections are checked before they are used",
    "config.parameter_validation": "leave it out: arguments are always validated",
    "config.use_fips_endpoint": "give the FIPS address as endpoint_url",
    "config.use_dualstack_endpoint": "give the dual-stack address as endpoint_url",
    "config.endpoint_discovery_enabled": "leave it out: requests go to the regional endpoint or to endpoint_url",
}
_NO_REPLACEMENT = "leave it out: this store has no counterpart"

# What people write for an option of boto3 that is not spelt alike.
_OTHER_NAMES = {
    "aws_region": "region_name",
    "url": "endpoint_url",
    "aws_profile": "profile_name",
    "ca_bundle": "verify",
    "timeout": "config.read_timeout",
    "config.timeout": "config.read_timeout",
    "config.max_attempts": "config.retries",
    "proxy": "config.proxies",
    "config.proxy": "config.proxies",
}
# Low enough for "region" and "profile", which boto3 calls region_name and profile_name.
_LIKENESS = 0.65


class UnsupportedOptionError(ValueError):
    """An entry of ``dynamodb_opts`` that this store cannot honour; the message says what to use instead."""

    def __init__(self, name: str, replacement: str | None = None) -> None:
        advice = replacement or _REPLACEMENTS.get(name) or _meant(name) or _NO_REPLACEMENT
        super().__init__(f"dynamodb_opts: {name} is not supported; {advice}")
        self.option = name


def _meant(name: str) -> str | None:
    """Advice for a name that is like one of boto3's, or that belongs elsewhere."""
    prefix = "config." if name.startswith("config.") else ""
    bare = name.removeprefix(prefix)
    if "." in bare:
        return None
    client_options = [*_CLIENT_OPTIONS, *_CREDENTIAL_OPTIONS]
    if prefix and bare in client_options:
        return f"give {bare} beside config"
    if not prefix and bare in _CONFIG_OPTIONS:
        return f"give it as config=Config({bare}=…)"
    like = difflib.get_close_matches(bare, _CONFIG_OPTIONS if prefix else client_options, 1, _LIKENESS)
    meant = _OTHER_NAMES.get(name) or (prefix + like[0] if like else None)
    if meant is not None:
        return f"did you mean {meant}?"
    if name in ("table", "prefix", "library"):
        return "it is an argument of its own"
    return "give it in options" if name in inspect.signature(Store).parameters else None


def store_settings(dynamodb_opts: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of ``Store`` that mean the same as these options of ``boto3.client``.

    Raises:
        UnsupportedOptionError: an option has no counterpart.
    """
    settings: dict[str, Any] = {}
    options = {name: value for name, value in dynamodb_opts.items() if value is not None}
    if "config" in options:
        _translate_config(_config_options(options.pop("config")), options.get("endpoint_url"), settings)
    _translate_credentials(options, settings)
    for name, value in options.items():
        translate = _CLIENT_OPTIONS.get(name)
        if translate is None:
            raise UnsupportedOptionError(name)
        translate(value, options, settings)
    return settings


def _region(value: Any, options: Mapping[str, Any], settings: dict[str, Any]) -> None:
    settings["region"] = value


def _endpoint(value: Any, options: Mapping[str, Any], settings: dict[str, Any]) -> None:
    settings["endpoint"] = value


def _profile(value: Any, options: Mapping[str, Any], settings: dict[str, Any]) -> None:
    settings["profile"] = value


def _verify(value: Any, options: Mapping[str, Any], settings: dict[str, Any]) -> None:
    if value is False:
        raise UnsupportedOptionError("verify=False", "give the file of root certificates as verify")
    if value is not True:
        settings["ca_bundle"] = value


def _use_ssl(value: Any, options: Mapping[str, Any], settings: dict[str, Any]) -> None:
    # As in boto3, the address decides where there is one.
    if not value and "endpoint_url" not in options:
        raise UnsupportedOptionError("use_ssl")


def _api_version(value: Any, options: Mapping[str, Any], settings: dict[str, Any]) -> None:
    if value != "2012-08-10":
        raise UnsupportedOptionError("api_version", 'leave it out: the version is "2012-08-10"')


_CLIENT_OPTIONS: dict[str, Callable[[Any, Mapping[str, Any], dict[str, Any]], None]] = {
    "region_name": _region,
    "endpoint_url": _endpoint,
    "profile_name": _profile,
    "verify": _verify,
    "use_ssl": _use_ssl,
    "api_version": _api_version,
}


def _translate_credentials(options: dict[str, Any], settings: dict[str, Any]) -> None:
    given = {new: options.pop(old) for old, new in _CREDENTIAL_OPTIONS.items() if old in options}
    if not given:
        return
    for name in ("access_key_id", "secret_access_key"):
        if name not in given:
            raise ValueError(f"dynamodb_opts: aws_{name} is missing beside the other credentials")
    settings["credentials"] = given


def _config_options(config: Any) -> dict[str, Any]:
    """What the user set in a ``botocore.config.Config``, or in a mapping of the same names."""
    if isinstance(config, Mapping):
        given: Mapping[str, Any] = config
    elif hasattr(config, "_user_provided_options"):
        given = config._user_provided_options
    else:
        raise TypeError(f"dynamodb_opts: config must be a botocore Config, not {type(config).__name__}")
    return {name: value for name, value in given.items() if value is not None}


def _translate_config(config: dict[str, Any], endpoint: str | None, settings: dict[str, Any]) -> None:
    read_timeout_ms = None
    for name, value in config.items():
        if name == "region_name":
            settings["region"] = value
        elif name == "connect_timeout":
            settings["connect_timeout_ms"] = _milliseconds(value)
        elif name == "read_timeout":
            read_timeout_ms = _milliseconds(value)
        elif name == "max_pool_connections":
            # How many connections boto3 keeps for reuse; here each is kept, and none is ever more than calls needed.
            continue
        elif name == "retries":
            _translate_retries(value, settings)
        elif name == "proxies":
            _translate_proxies(value, endpoint, settings)
        else:
            raise UnsupportedOptionError(f"config.{name}")
    _allow_every_attempt(read_timeout_ms, settings)


_CONFIG_OPTIONS = ("region_name", "connect_timeout", "read_timeout", "max_pool_connections", "retries", "proxies")


def _translate_retries(retries: Mapping[str, Any], settings: dict[str, Any]) -> None:
    for name, value in retries.items():
        if name == "max_attempts":
            # In a botocore Config this counts the tries after the first one.
            settings.setdefault("max_attempts", value + 1)
        elif name == "total_max_attempts":
            settings["max_attempts"] = value
        elif name == "mode":
            if value not in ("standard", "adaptive"):
                raise UnsupportedOptionError(f"config.retries mode {value!r}", 'use "standard" or "adaptive"')
            settings["retry_mode"] = value
        else:
            raise UnsupportedOptionError(f"config.retries.{name}")


def _translate_proxies(proxies: Mapping[str, str], endpoint: str | None, settings: dict[str, Any]) -> None:
    for name in proxies:
        if name not in ("http", "https"):
            raise UnsupportedOptionError(f"config.proxies.{name}", 'use "http" or "https"')
    proxy = proxies.get(urlsplit(endpoint).scheme if endpoint else "https")
    if proxy is not None:
        settings["proxy"] = proxy if "://" in proxy else f"http://{proxy}"


def _allow_every_attempt(read_timeout_ms: int | None, settings: dict[str, Any]) -> None:
    """Lets an attempt, and a whole call, last as long as boto3 would with these timeouts and attempts."""
    connect_timeout_ms = settings.get("connect_timeout_ms")
    attempt_timeout_ms = _ATTEMPT_TIMEOUT_MS
    if connect_timeout_ms is not None or read_timeout_ms is not None:
        attempt_timeout_ms = (connect_timeout_ms or _CONNECT_TIMEOUT_MS) + (read_timeout_ms or _ATTEMPT_TIMEOUT_MS)
        settings["attempt_timeout_ms"] = attempt_timeout_ms
    needed = attempt_timeout_ms * settings.get("max_attempts", _ATTEMPTS)
    if needed > _OPERATION_TIMEOUT_MS and {"attempt_timeout_ms", "max_attempts"} & settings.keys():
        settings["operation_timeout_ms"] = needed


def _milliseconds(seconds: float) -> int:
    # 0 would mean no timeout at all.
    return max(1, round(seconds * 1000))
