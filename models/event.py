"""What every event carries: base of the structs in `models.events`."""

from datetime import datetime
from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every event carries besides its type."""

    version: ClassVar[int] = 1
    rows_field: ClassVar[str | None] = None
    """Field whose items become the rows of the event's table; None: one row an event."""
    id_columns: ClassVar[tuple[str, ...]] = ("id",)
    """Columns that identify a row of the event's table."""

    source: str
    observed_at: datetime
    occurred_at: datetime | None = None
