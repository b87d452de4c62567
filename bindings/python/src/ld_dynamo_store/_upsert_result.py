"""What becomes of an upsert."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from ._items import Item, decode


class UpsertOutcome(enum.Enum):
    """What became of an upsert that did not fail."""

    UPDATED = "updated"
    """The item is stored."""

    NOT_NEWER = "not newer"
    """The stored item has the same or a higher version and stays."""

    TOO_LARGE = "too large"
    """The item is over DynamoDB's size limit; the stored item stays, and an ERROR was logged."""


@dataclass(frozen=True)
class UpsertResult:
    """What became of an upsert; true if the item is stored.

    Attributes:
        outcome: one of three.
        stored_text: the JSON text of the item that won, for ``NOT_NEWER``; otherwise None.
    """

    outcome: UpsertOutcome
    stored_text: str | None = None
    _place: tuple[str, str] = field(default=("", ""), repr=False, compare=False)

    @property
    def stored(self) -> Item | None:
        """The item that won, for ``NOT_NEWER``; otherwise None. A deleted item is a tombstone.

        Raises:
            CorruptItemError: Python's JSON module does not take it.
        """
        return None if self.stored_text is None else decode(self.stored_text, *self._place)

    def __bool__(self) -> bool:
        return self.outcome is UpsertOutcome.UPDATED
