"""Tellings of one derivation, or of one output's content, as one.

A telling that knows more is joined with what was known; what is not told contradicts nothing. One that says
something else is rejected: a derivation cannot change, and neither can content of one hash.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from pipelines.sources.ci.graph_columns import Row

_OF_TELLING = frozenset(("source", "observed_at", "occurred_at", "batch", "version", "id"))
"""Columns that say who told it and when, not what it is."""


class Contradiction(ValueError):
    """Two tellings of one thing differ: in which column."""


def fold(
    told: Iterable[Row], known: Iterable[Row], key: Callable[[Row], Hashable]
) -> tuple[list[Row], list[tuple[Row, str]]]:
    """Rows that say more than is known of their thing, and those that contradict, with the column.

    The earliest telling counts, those that are known before all others.
    """
    stands: dict[Hashable, Row] = {}
    for row in sorted(known, key=_order):
        try:
            stands[key(row)] = joined(stands[key(row)], row) if key(row) in stands else row
        except Contradiction:
            continue
    fresh: dict[Hashable, Row] = {}
    contradicting = []
    for row in sorted(told, key=_order):
        name = key(row)
        before = stands.get(name)
        try:
            now = row if before is None else joined(before, row)
        except Contradiction as error:
            contradicting.append((row, str(error)))
            continue
        if now != before:
            # Who told it first stays, unless the log has that already.
            stands[name] = fresh[name] = now if name in fresh else {**now, "observed_at": row["observed_at"]}
    return list(fresh.values()), contradicting


def _order(row: Row) -> tuple[Any, str]:
    return row["observed_at"], repr(sorted(row.items(), key=lambda pair: pair[0]))


def joined(one: Row, other: Row) -> Row:
    """What both say together. Raises Contradiction."""
    made = dict(one)
    for name, value in other.items():
        if name in _OF_TELLING or value is None or value == [] or value == made.get(name):
            continue
        before = made.get(name)
        if before is None or before == []:
            made[name] = value
        elif name == "inputs":
            made[name] = _inputs(before, value)
        else:
            raise Contradiction(name)
    return made


def _inputs(one: list[Row], other: list[Row]) -> list[Row]:
    """The same outputs of the same inputs, each with the roles that either knows. Raises Contradiction."""
    mine, yours = _by_output(one), _by_output(other)
    if mine.keys() != yours.keys():
        raise Contradiction("inputs")
    both: defaultdict[tuple[int, str | None, bool | None], list[str]] = defaultdict(list)
    for (drv, output), (role, check) in mine.items():
        other_role, other_check = yours[drv, output]
        if role is not None and other_role is not None and role != other_role:
            raise Contradiction("inputs")
        # A verdict, no fact: who asked knows more than who only looked.
        verdict = max((one for one in (check, other_check) if one is not None), default=None)
        both[drv, other_role if role is None else role, verdict].append(output)
    return sorted(
        (
            {"derivation_id64": drv, "role": role, "outputs": sorted(outputs), "is_check_only": check}
            for (drv, role, check), outputs in both.items()
        ),
        key=lambda row: (row["role"] or "", row["derivation_id64"], row["outputs"]),
    )


def _by_output(inputs: list[Row]) -> dict[tuple[int, str], tuple[str | None, bool | None]]:
    return {
        (row["derivation_id64"], output): (row["role"], row["is_check_only"])
        for row in inputs
        for output in row["outputs"]
    }
