"""What changed nearest to a failed derivation, against the plain definition over random graphs."""

import random

import pyarrow as pa
import pytest

from pipelines.replay import changed_inputs

COLUMNS = ("kind", "job", "broken_evaluation_id", "node", "other", "pname", "version", "is_fixed_output")


def given(
    pairs: list[tuple[int, int]], edges: set[tuple[int, int]], names: dict[int, tuple[str, str, bool]]
) -> pa.Table:
    rows: list[tuple[object, ...]] = [
        ("pair", place, "7", bad, good, None, None, None) for place, (bad, good) in enumerate(pairs)
    ]
    rows += [("edge", None, None, node, other, None, None, None) for node, other in sorted(edges)]
    rows += [("node", None, None, node, None, *name) for node, name in names.items()]
    return pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows])


def closure(start: int, edges: set[tuple[int, int]]) -> dict[int, int]:
    """Distance to everything needed, by repeated relaxing."""
    found = {start: 0}
    for _ in range(40):
        for node, other in edges:
            if node in found:
                found[other] = min(found.get(other, 99), found[node] + 1)
    return found


@pytest.mark.parametrize("seed", range(30))
def test_suspects_are_where_two_closures_begin_to_differ(seed: int) -> None:
    chance = random.Random(seed)
    nodes = list(range(2, 30))
    edges = {(node, chance.randrange(node)) for node in nodes for _ in range(chance.randrange(4))}
    names = {
        node: (chance.choice("abcdefgh"), chance.choice("12"), chance.random() < 0.2) for node in range(30)
    }
    bad, good = 29, 28
    known = closure(good, edges)
    far = closure(bad, edges)
    before = {
        name: min(
            (node for node in known if names[node][0] == name),
            key=lambda one: (known[one], one),
            default=None,
        )
        for name in "abcdefgh"
    }
    wanted = []
    for node, distance in far.items():
        if (node in known and node != bad) or names[node][2] or distance > changed_inputs.FURTHEST:
            continue
        needed = [other for one, other in edges if one == node]
        is_origin = all(other in known or names[other][2] for other in needed)
        was = before[names[node][0]]
        if is_origin or was is None or names[was][1] != names[node][1]:
            wanted.append((distance, node, was))
    found = changed_inputs.nearest(given([(bad, good)], edges, names)).to_pylist()
    told = [(row["distance"], row["derivation_id"], row["before_id"]) for row in found]
    assert told == sorted(wanted)[: changed_inputs.MOST]


def test_without_pairs_there_is_nothing_to_tell() -> None:
    empty = given([], {(1, 0)}, {0: ("a", "1", False), 1: ("b", "1", False)})
    assert changed_inputs.nearest(empty).num_rows == 0


def test_a_circle_ends() -> None:
    names = {node: (str(node), "1", False) for node in range(4)}
    edges = {(3, 2), (2, 1), (1, 2)}
    found = changed_inputs.nearest(given([(3, 0)], edges, names)).to_pylist()
    assert [(row["derivation_id"], row["distance"]) for row in found] == [(3, 0), (2, 1), (1, 2)]
