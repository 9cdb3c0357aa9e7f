"""`impact`: what an update of packages rebuilds, by level, and how much of it only through inputs for tests."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.graph import stored
from pipelines.graph.graph import Booleans
from pipelines.waves.planning import World, costed, described, level
from pipelines.waves.words import counted, fit, level_bars, package_set, time_of, wrapped

WAYS = ("derivation_changes", "output_changes", "without_check_only", "without_test_tools_by_name")
SHOWN = 10
"""Attributes of a list that a terminal shows."""


def answer(told: World, roots: Sequence[str]) -> dict[str, Any]:
    """What is rebuilt, as values for JSON. Raises BadInput for an attribute that is not there.

    `derivation_changes` walks through fixed outputs: recipes that change, of which many build the same as before.
    """
    nodes = np.array([told.package_set.derivation(root) for root in roots], dtype=np.int32)
    reached = dict(zip(WAYS, _reached(told, nodes), strict=True))
    rebuilt, unchecked = reached["output_changes"], reached["without_check_only"]
    is_rebuilt = rebuilt[told.packages.nodes]
    edges = told.graph.whole.inputs.size
    levels, counts = np.unique(told.packages.level[is_rebuilt], return_counts=True)
    return {
        "package_set": described(told),
        "roots": [
            {"attr": root, "level": level(int(told.graph.level[node]))}
            for root, node in zip(roots, nodes, strict=True)
        ],
        "attributes": {way: int(found[told.package_set.derivations].sum()) for way, found in reached.items()},
        "packages": {way: int(found[told.packages.nodes].sum()) for way, found in reached.items()},
        "cost": costed(told.packages.cost(is_rebuilt)),
        "rebuilt_levels": [
            {"level": level(int(one)), "packages": int(n)} for one, n in zip(levels, counts, strict=True)
        ],
        "recorded_check_edges": int(told.graph.is_check_only.sum()),
        "edges": int(edges),
        "rebuilt_attributes": _attrs(told, rebuilt),
        "only_through_check_inputs": _attrs(told, rebuilt & ~unchecked),
    }


def words(told: dict[str, Any]) -> list[str]:
    """The lines for a terminal of 80 columns."""
    attributes, packages = told["attributes"], told["packages"]
    names = ", ".join(root["attr"] for root in told["roots"])
    lines = [
        *package_set(told["package_set"]),
        *wrapped(
            f"An update of {names} rebuilds {counted(attributes['output_changes'], 'attribute')}, "
            f"which are {counted(packages['output_changes'], 'package')}; build time {time_of(told['cost'])}."
        ),
        "",
        f"{'':<52}{'attributes':>12}{'packages':>12}",
    ]
    said = {
        "derivation_changes": "recipe changes (also behind downloads)",
        "output_changes": "is built again",
        "without_check_only": "... without inputs recorded as for tests only",
        "without_test_tools_by_name": "... and without test tools by name (a guess)",
    }
    lines += [f"{text:<52}{attributes[way]:>12,}{packages[way]:>12,}" for way, text in said.items()]
    lines += wrapped(
        f"Recorded as for tests only: {told['recorded_check_edges']:,} of {told['edges']:,} edges of the whole graph. "
        "Where roles are not recorded, more of it may be for tests than is shown."
    )
    lines += ["", *level_bars(told["rebuilt_levels"])]
    only = told["only_through_check_inputs"]
    if only:
        lines += ["", f"Only through inputs for tests: {len(only):,}"]
        lines += [fit(f"  {attr}", 80).rstrip() for attr in only[:SHOWN]]
        lines += [f"  ({len(only) - SHOWN:,} more; --json has all)"] if len(only) > SHOWN else []
    return lines


def _reached(told: World, nodes: npt.NDArray[np.int32]) -> list[Booleans]:
    """Nodes reached by `WAYS`."""
    graph = told.graph
    every, without_checks, without_tools = stored.check_only_and_guessed(graph)
    is_cut = ~graph.is_fixed_output[graph.whole.dependent]
    return [
        graph.whole.keeping(edges).reached_by_any(nodes)
        for edges in (every, is_cut, is_cut & without_checks, is_cut & without_tools)
    ]


def _attrs(told: World, is_reached: Booleans) -> list[str]:
    places = np.flatnonzero(is_reached[told.package_set.derivations])
    return [told.package_set.attrs[place] for place in places.tolist()]
