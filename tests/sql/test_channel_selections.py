"""Which jobs a selection names: by globs, by system, under every name of a jobset, and all that these need."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from models.events import ChannelDeclared, DerivationObserved, PackageSetEvaluated
from models.parts import ChannelPeriod, DerivationInput, PackageSetRow
from tests.sql import harness, world

AT = datetime(2024, 1, 1, tzinfo=UTC)
GLOBS = """
    x86_64-linux p3Packages.numpy       S
    x86_64-linux p3Packages.numpy.tests S
    x86_64-linux p3Packages.scipy       S
    x86_64-linux q.deep.er              S
    x86_64-linux p4.numpy               S
    aarch64-linux p3Packages.numpy      S
"""
NAMES = {
    "nixpkgs/trunk": "id 1 2\nday 0 1\nx86_64-linux a S F",
    "nixpkgs/unstable": "id 3 4\nday 2 3\nx86_64-linux a F= S",
}
GRAPH = """
    revision a b
    x86_64-linux app    S S
    x86_64-linux lib    S F
    x86_64-linux deep   S S
    x86_64-linux apart  S S
"""


def _channel(source: str, **told: Any) -> harness.Recorded:
    common = {"periods": [ChannelPeriod(jobset="nixpkgs/trunk")], "kind": "community", "title": "t"}
    return 1, ChannelDeclared(
        id=f"{source}:channel",
        source=source,
        observed_at=AT,
        channel="c",
        instance=source,
        **(common | told),  # type: ignore[arg-type]
    )


def _graph(source: str) -> list[harness.Recorded]:
    """app needs lib, lib needs deep; nothing needs apart. Recorded for the first commit only."""
    needs = {"app": ["lib"], "lib": ["deep"], "deep": [], "apart": []}
    number = {name: place for place, name in enumerate(needs, 1)}
    derivations = [
        DerivationObserved(
            source=source,
            observed_at=AT,
            derivation_id64=number[name],
            name=f"{name}-1.0",
            system="x86_64-linux",
            inputs=[DerivationInput(derivation_id64=number[one], role="buildInputs") for one in of],
        )
        for name, of in needs.items()
    ]
    package_set = PackageSetEvaluated(
        id=f"{source}:set",
        source=source,
        observed_at=AT + timedelta(days=1),
        package_set="nixpkgs",
        revision="a" * 40,
        rows=[
            PackageSetRow(attr=name, system="x86_64-linux", derivation_id64=n) for name, n in number.items()
        ],
    )
    return [*((1, one) for one in derivations), (1, package_set)]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    given: list[harness.Recorded] = [
        *world.events(GLOBS, "globs"),
        _channel("globs", attrs=["p3*.*", "q.**"], excluded=["*.scipy"], systems=["x86_64-linux"]),
    ]
    for jobset, text in NAMES.items():
        given += world.events(f"jobset {jobset}\n{text}", "names")
    periods = [ChannelPeriod(jobset=name) for name in NAMES]
    given.append(_channel("names", attrs=["a"], periods=periods))
    given += [
        *world.events(GRAPH, "graph"),
        _channel("graph", attrs=["app"], with_dependencies=True),
        *_graph("graph"),
    ]
    with harness.build(given, "core.channel_selections", "core.channel_stalls") as built:
        yield built


def test_globs_stop_at_a_dot_and_exclusions_and_systems_hold(con: duckdb.DuckDBPyConnection) -> None:
    told = con.sql(
        "select attr, system, role from core.channel_selections where source = 'globs' order by all"
    )
    assert told.fetchall() == [
        ("p3Packages.numpy", "x86_64-linux", "named"),
        ("q.deep.er", "x86_64-linux", "named"),
    ]


def test_a_renamed_jobset_is_one_history(con: duckdb.DuckDBPyConnection) -> None:
    """The stall begins under the old name and ends under the new one."""
    told = con.sql(
        "select turn, jobset, evaluation_id, verdict from core.channel_verdicts where source = 'names' order by turn"
    )
    assert told.fetchall() == [
        (1, "nixpkgs/trunk", "1", "green"),
        (2, "nixpkgs/trunk", "2", "blocked"),
        (3, "nixpkgs/unstable", "3", "blocked"),
        (4, "nixpkgs/unstable", "4", "green"),
    ]
    stalls = con.sql(
        "select stall_evaluation_id, ended_evaluation_id, stall_seconds from core.channel_stalls where source = 'names'"
    )
    assert stalls.fetchall() == [("2", "4", 2 * 86_400)]


def test_what_a_selection_needs_is_known_for_the_commit_of_a_graph(con: duckdb.DuckDBPyConnection) -> None:
    """A red library changes no verdict while the package on top of it is green; at the other commit it is unknown."""
    told = con.sql(
        """
        select role, attr, first_evaluation_id, last_evaluation_id from core.channel_selections
        where source = 'graph' order by all
        """
    )
    assert told.fetchall() == [
        ("named", "app", "1", "2"),
        ("needed", "deep", "1", "1"),
        ("needed", "lib", "1", "1"),
    ]
    verdicts = con.sql(
        "select verdict from core.channel_verdicts where source = 'graph' order by turn"
    ).fetchall()
    assert verdicts == [("green",), ("green",)]
