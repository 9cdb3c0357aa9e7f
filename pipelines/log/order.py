"""The order in which the rows of a batch are written, and in which its digest sees them."""

from collections.abc import Sequence

import polars as pl

from pipelines.log.distinct import is_one

SORT_COLUMNS = {
    "membership_changed": ["observed_at", "observation_id", "system", "build_id", "attr", "variant"],
    "build_observed": ["observed_at", "jobset", "system", "build_id", "attr", "variant", "attempt", "source"],
    # Names that stand together are short, and their derivations need the same things.
    "derivation_observed": ["observed_at", "name", "derivation_id64", "source"],
    "package_set_evaluated": ["observed_at", "id", "system", "attr"],
    "package_owners_listed": ["observed_at", "id", "attr", "owner_kind", "owner"],
    "ci_detail_observed": ["observed_at", "event_id", "source"],
    "package_updated": ["observed_at", "occurred_at", "revision", "attr", "source"],
}
"""Order of rows inside a batch where it matters for size; other types keep (observed_at, id)."""


def in_order(event_type: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of a batch by `SORT_COLUMNS`, as far as the frame has them; equal there, by all other plain columns."""
    columns = SORT_COLUMNS.get(event_type, ["observed_at", "id"])
    by = [name for name in columns if name in frame.columns]
    ordered = _by_identity(frame, by)
    if ordered is not None:
        return ordered
    ordered = frame.sort(by, nulls_last=True)
    if _has_equal_neighbours(ordered, [name for name in ("id", "build_id") if name in by]) and (
        _has_equal_neighbours(ordered, by)
    ):
        rest = [
            name
            for name, kind in sorted(frame.schema.items())
            if name not in (*by, "batch") and not kind.is_nested()
        ]
        return frame.sort(by + rest, nulls_last=True)
    return ordered


def _by_identity(frame: pl.DataFrame, by: list[str]) -> pl.DataFrame | None:
    """Rows by the columns as far as the build or id, where these tell all rows apart: that is half of the work."""
    last = next((name for name in ("id", "build_id") if name in by), None)
    if last is None or frame[last].null_count():
        return None
    # A column of one value orders nothing.
    first = [name for name in by[: by.index(last)] if not is_one(frame[name])] + [last]
    if ascends(frame, first):
        return frame
    ordered = frame.sort(first, nulls_last=True)
    return None if _has_equal_neighbours(ordered, first) else ordered


def ascends(rows: pl.DataFrame, by: Sequence[str]) -> bool:
    """Whether each row comes after the one before it and no value is null: to look costs a tenth of sorting."""
    if any(rows[name].null_count() for name in by):
        return False
    is_after = pl.lit(value=False)
    for name in reversed(by):
        before = pl.col(name).shift()
        is_after = (pl.col(name) > before) | ((pl.col(name) == before) & is_after)
    return bool(rows.select(is_after.slice(1).all()).item())


def _has_equal_neighbours(ordered: pl.DataFrame, by: list[str]) -> bool:
    same = pl.all_horizontal(
        pl.lit(value=True), *(pl.col(name).eq_missing(pl.col(name).shift()) for name in by)
    )
    return ordered.height > 1 and bool(ordered.select(same.slice(1).any()).item())
