"""The graph in arrays against walks in plain Python, on small random graphs."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.graph import graph, numbering, order, plan
from pipelines.graph.graph import Graph


@dataclass(frozen=True)
class Drawn:
    """A graph without circles: for each node its inputs, all of smaller number, and whether its output is fixed."""

    inputs: tuple[frozenset[int], ...]
    is_fixed: tuple[bool, ...]

    def reached(self, roots: set[int], *, cut: bool) -> set[int]:
        found = set(roots)
        for node, needs in enumerate(self.inputs):
            if needs & found and not (cut and self.is_fixed[node]):
                found.add(node)
        return found

    def level(self, node: int) -> int:
        if self.is_fixed[node] or not self.inputs[node]:
            return 0
        return 1 + max(self.level(needed) for needed in self.inputs[node])


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    size = draw(st.integers(1, 14))
    inputs = tuple(
        frozenset(draw(st.sets(st.integers(0, node - 1), max_size=4))) if node else frozenset()
        for node in range(size)
    )
    return Drawn(inputs, tuple(draw(st.lists(st.booleans(), min_size=size, max_size=size))))


def arrays(one: Drawn) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(node, needed) for node, needs in enumerate(one.inputs) for needed in sorted(needs)]
    told = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return told[:, 0], told[:, 1]


def made(one: Drawn) -> tuple[Graph, dict[int, int]]:
    """The graph and the number of each node in it."""
    dependent, inputs = arrays(one)
    depth = order.depths(len(one.inputs), dependent, inputs)
    by_depth = np.argsort(depth, kind="stable")
    number = np.empty(len(depth), dtype=np.int64)
    number[by_depth] = np.arange(len(depth))
    by = np.lexsort([number[inputs], number[dependent]])
    whole = graph.of(depth[by_depth], number[dependent][by], number[inputs][by])
    return whole, {node: int(number[node]) for node in range(len(depth))}


def fixed(one: Drawn, number: dict[int, int]) -> np.ndarray:
    is_fixed = np.zeros(len(number), dtype=bool)
    is_fixed[[number[node] for node, told in enumerate(one.is_fixed) if told]] = True
    return is_fixed


def bit(bits: np.ndarray, row: int, group: int) -> bool:
    return bool((bits[row, group // 64] >> np.uint64(group % 64)) & np.uint64(1))


@settings(max_examples=150)
@given(drawn(), st.data())
def test_reach_is_that_of_a_walk(one: Drawn, data: st.DataObject) -> None:
    whole, number = made(one)
    nodes = list(range(len(one.inputs)))
    groups = data.draw(st.lists(st.sets(st.sampled_from(nodes), min_size=1), min_size=1, max_size=70))
    places = [np.array([number[node] for node in sorted(group)]) for group in groups]
    for told, cut in ((whole, False), (whole.cut_at(fixed(one, number)), True)):
        bits = told.reached(places)
        expected = [one.reached(group, cut=cut) for group in groups]
        for node in nodes:
            for place, reached in enumerate(expected):
                assert bit(bits, number[node], place) == (node in reached)
        every = np.arange(len(nodes))
        assert graph.per_group(bits, every, len(groups)).tolist() == [len(reached) for reached in expected]
        weights = np.arange(len(nodes), dtype=np.int64) * 10
        sums = [sum(number[node] * 10 for node in reached) for reached in expected]
        assert graph.weight_per_group(bits, every, weights, len(groups)).tolist() == sums
        assert graph.per_row(bits).tolist() == [
            sum(node in reached for reached in expected) for node in sorted(nodes, key=number.__getitem__)
        ]


@settings(max_examples=100)
@given(drawn(), st.data())
def test_levels_and_layers_are_those_of_a_walk(one: Drawn, data: st.DataObject) -> None:
    whole, number = made(one)
    cut = whole.cut_at(fixed(one, number))
    level = cut.levels()
    assert all(level[number[node]] == one.level(node) for node in number)
    roots = data.draw(st.sets(st.sampled_from(sorted(number)), min_size=1))
    is_root = np.zeros(len(number), dtype=bool)
    is_root[[number[root] for root in roots]] = True
    layers = cut.layers(is_root)

    def layer(node: int) -> int:
        below = set() if one.is_fixed[node] else one.inputs[node]
        return max((layer(needed) + (needed in roots) for needed in below), default=0)

    assert all(layers[number[node]] == layer(node) for node in number)


def test_more_rows_than_fit_one_byte_are_counted() -> None:
    bits = np.full((1000, 1), 0b101, dtype=np.uint64)
    assert graph.per_group(bits, np.arange(1000), 3).tolist() == [1000, 0, 1000]
    assert graph.per_group(bits, np.arange(255), 3).tolist() == [255, 0, 255]
    assert graph.per_group(bits, np.zeros(0, dtype=np.int64), 3).tolist() == [0, 0, 0]


def test_a_circle_and_what_needs_it_have_no_depth() -> None:
    dependent, inputs = np.array([1, 2, 3, 4, 4]), np.array([0, 3, 2, 2, 0])
    assert order.depths(6, dependent, inputs).tolist() == [0, 1, -1, -1, -1, 0]


@pytest.mark.parametrize(
    ("depth", "dependent", "inputs", "said"),
    [
        ([1, 0], [], [], "sorted"),
        ([0, 1, 1], [2, 1], [0, 0], "sorted"),
        ([0, 1, 1], [2], [1], "not deeper"),
        ([0], [0], [0], "not deeper"),
    ],
)
def test_what_is_not_in_order_is_refused(
    depth: list[int], dependent: list[int], inputs: list[int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        graph.of(np.array(depth), np.array(dependent, dtype=int), np.array(inputs, dtype=int))


def numbered(
    nodes: dict[int, bool | None], edges: list[tuple[int, int]]
) -> dict[int, tuple[int, object, object]]:
    """Hash to number, depth and level, as `replay.derivation_order` has them."""
    rows = [(node, None, told) for node, told in nodes.items()] + [(a, b, None) for a, b in edges]
    columns = {
        "derivation_id64": pa.array([row[0] for row in rows], pa.int64()),
        "input_id64": pa.array([row[1] for row in rows], pa.int64()),
        "is_fixed_output": pa.array([row[2] for row in rows], pa.bool_()),
    }
    found = numbering.derivation_order(pa.table(columns)).to_pylist()
    return {row["derivation_id64"]: (row["derivation_id"], row["depth"], row["level"]) for row in found}


def test_numbers_follow_depth_and_hash_and_levels_stop_at_fixed_outputs() -> None:
    found = numbered({50: False, 40: True, 30: False, 20: None}, [(40, 50), (30, 40), (20, 30)])
    assert found == {50: (0, 0, 0), 40: (1, 1, 0), 30: (2, 2, 1), 20: (3, 3, 2)}


def test_above_what_nobody_recorded_no_level_is_known_unless_an_output_is_fixed() -> None:
    found = numbered({2: False, 3: True, 4: False}, [(2, 1), (3, 1), (4, 3)])
    assert {node: told[2] for node, told in found.items()} == {1: None, 2: None, 3: 0, 4: 1}


def test_circles_come_last_without_depth_and_level() -> None:
    found = numbered({1: False, 2: False, 3: False, 4: False}, [(1, 2), (2, 1), (3, 1), (4, 4)])
    assert found == {1: (0, None, None), 2: (1, None, None), 3: (2, None, None), 4: (3, None, None)}


def test_no_derivation_gives_no_row() -> None:
    assert numbered({}, []) == {}


def chain(edges: list[tuple[int, int]], nodes: int) -> Graph:
    """A graph whose nodes are numbered by depth already."""
    told = np.array(sorted(edges)).reshape(-1, 2)
    return graph.of(order.depths(nodes, told[:, 0], told[:, 1]), told[:, 0], told[:, 1])


def packages(nodes: int, seconds: list[float] | None = None) -> plan.Packages:
    numbers = np.arange(nodes, dtype=np.int32)
    return plan.Packages(numbers, numbers, np.array(seconds or [np.nan] * nodes))


def roots(*groups: tuple[int, ...]) -> list[np.ndarray]:
    return [np.array(group, dtype=np.int32) for group in groups]


def test_groups_that_do_not_reach_each_other_share_a_minor_wave() -> None:
    cut = chain([(2, 0), (3, 1), (4, 2), (4, 3)], 5)
    made_plan = plan.make(cut, packages(5, [10, 20, 30, np.nan, 50]), roots((0,), (1,), (2,)), cut.levels())
    assert [(wave.groups, wave.cost.builds) for wave in made_plan.waves] == [((0, 1), 5), ((2,), 2)]
    assert made_plan.waves[0].cost == plan.Cost(5, 110.0, 1)
    assert [cost.builds for cost in made_plan.alone] == [3, 3, 2]
    assert made_plan.groupings["one_by_one"].cost == plan.Cost(8, 10 + 30 + 50 + 20 + 50 + 30 + 50, 1)
    assert made_plan.groupings["at_once"].cost.builds == 5
    assert made_plan.groupings["planned"].times.tolist() == [1, 1, 2, 1, 2]
    assert made_plan.merged == ()


def test_groups_that_reach_each_other_both_ways_move_together() -> None:
    # 0 <- 1 <- 2 <- 3: the group of 0 and 2 needs 1 and is needed by it.
    cut = chain([(1, 0), (2, 1), (3, 2)], 4)
    made_plan = plan.make(cut, packages(4), roots((0, 2), (1,), (3,)), cut.levels())
    assert [wave.groups for wave in made_plan.waves] == [(0, 1), (2,)]
    assert made_plan.merged == ((0, 1),)


@settings(max_examples=100)
@given(drawn(), st.data())
def test_a_plan_is_between_floor_and_ceiling_and_puts_what_reaches_first(
    one: Drawn, data: st.DataObject
) -> None:
    whole, number = made(one)
    cut = whole.cut_at(fixed(one, number))
    nodes = st.sampled_from(sorted(number.values()))
    members = data.draw(st.lists(nodes, unique=True, min_size=1, max_size=6))
    sizes = data.draw(st.lists(st.integers(1, 2), min_size=6, max_size=6))
    groups, rest = [], list(members)
    for size in sizes:
        if rest:
            groups.append(np.array(sorted(rest[:size]), dtype=np.int32))
            rest = rest[size:]
    told = plan.make(cut, packages(cut.nodes), groups, cut.levels())
    wave = {group: place for place, one_wave in enumerate(told.waves) for group in one_wave.groups}
    assert sorted(wave) == list(range(len(groups)))
    matrix = plan.reaches(cut, groups)
    for first in wave:
        for second in wave:
            if matrix[first, second]:
                assert wave[first] < wave[second] or (matrix[second, first] and wave[first] == wave[second])
    by = told.groupings
    assert by["at_once"].cost.builds <= by["planned"].cost.builds <= by["one_by_one"].cost.builds
    assert by["by_level"].cost.builds <= by["one_by_one"].cost.builds
    assert by["planned"].times.sum() == by["planned"].cost.builds
