"""Failures that come again with every call, and are worth a line a minute."""

from __future__ import annotations

import time

_SECONDS_OF_SILENCE = 60.0
_MOST_REMEMBERED = 1000


class RepeatedFailures:
    """Remembers which failures were logged of late."""

    def __init__(self) -> None:
        self._logged: dict[str, float] = {}

    def is_due(self, failure: str) -> bool:
        """Whether to log the failure now; if so, it is not due again for a minute."""
        now = time.monotonic()
        if now - self._logged.get(failure, -_SECONDS_OF_SILENCE) < _SECONDS_OF_SILENCE:
            return False
        if len(self._logged) >= _MOST_REMEMBERED:
            self._logged.clear()
        self._logged[failure] = now
        return True
