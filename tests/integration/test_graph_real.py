"""The derivation graph of July 2017: every figure that is published of it, and two real rebuild sets."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines import relations, warehouse
from pipelines.building import WarehouseBuild
from pipelines.graph import stored
from pipelines.graph.stored import Derivations, PackageSet
from pipelines.paths import EXAMPLES, ROOT, SQL
from tests import histories

FOLDERS = (EXAMPLES / "histories" / "nixpkgs-graph", EXAMPLES / "histories" / "nixpkgs-version-updates")
PAIRS = ROOT / "tests" / "data" / "nixpkgs-graph"
WANTED = (
    "metrics.minor_waves",
    "metrics.wave_groupings",
    "metrics.role_coverage",
    "core.update_reach",
    "core.package_moves",
    "core.build_rates",
    "core.waves",
)

# Attributes reached: by derivation path, by output, without recorded check inputs, without test tools by name too.
REACH = {
    "pytest": (2854, 2685, 2662, 44),
    "hypothesis": (615, 441, 83, 5),
    "pillow": (157, 157, 157, 157),
    "pyyaml": (170, 170, 170, 170),
    "numpy": (386, 386, 384, 384),
    "fontconfig": (3558, 3558, 3558, 3558),
    "alsaLib": (1996, 1996, 1996, 1996),
    "cudatoolkit": (6, 6, 6, 6),
    "setuptools": (8344, 8327, 8327, 8327),
    "openssl": (13_516, 9728, 9728, 9728),
    "glibc": (13_578, 13_567, 13_567, 13_567),
}


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with the warehouse of the graph, without what is about jobsets."""
    var = tmp_path_factory.mktemp("graph")
    log = histories.ingest_all(FOLDERS, var)
    found = relations.load(SQL)
    wanted: set[str] = set()
    waiting = list(WANTED)
    while waiting:
        key = waiting.pop()
        if key not in wanted:
            wanted.add(key)
            waiting += [name for name in found[key].dependencies if name in found]
    with warehouse.connect(var / "warehouse.duckdb") as con:
        warehouse.attach_log(con, log)
        parameters = WarehouseBuild(log, var / "none").parameters
        warehouse.build(con, found, only=wanted, parameters=parameters)
    return var


@pytest.fixture(scope="module")
def graph(var: Path) -> Derivations:
    with histories.opened(var / "warehouse.duckdb") as con:
        return stored.derivations(con)


@pytest.fixture(scope="module")
def package_set(var: Path) -> PackageSet:
    with histories.opened(var / "warehouse.duckdb") as con:
        return stored.package_set(con)


def rows(var: Path, sql: str) -> list[tuple[Any, ...]]:
    with histories.opened(var / "warehouse.duckdb") as con:
        return con.sql(sql).fetchall()


def roots_of(package_set: PackageSet, name: str) -> np.ndarray:
    """The attribute and those of both Python versions."""
    names = (name, f"python27Packages.{name}", f"python36Packages.{name}")
    return np.array([package_set.derivation(attr) for attr in names if attr in package_set.place])


@pytest.mark.parametrize("name", REACH)
def test_reach_of_a_package_in_all_four_ways(graph: Derivations, package_set: PackageSet, name: str) -> None:
    roots = roots_of(package_set, name)
    every, without_checks, without_tools = stored.check_only_and_guessed(graph)
    cut = ~graph.is_fixed_output[graph.whole.dependent]
    found = [
        int(graph.whole.keeping(edges).reached_by_any(roots)[package_set.derivations].sum())
        for edges in (every, cut, cut & without_checks, cut & without_tools)
    ]
    assert tuple(found) == REACH[name]


def test_the_report_counts_the_same_in_all_four_ways(var: Path) -> None:
    told = rows(
        var,
        """
        select package, derivation_changes, output_changes, without_check_only, without_test_tools
        from core.update_reach where package_set = 'nixpkgs'
        """,
    )
    names = {"alsaLib": "alsa-lib"}
    assert {row[0]: row[1:] for row in told} == {
        names.get(name, name): found for name, found in REACH.items()
    }


def reached_attrs(graph: Derivations, package_set: PackageSet, name: str) -> set[str]:
    reached = graph.cut.reached_by_any(roots_of(package_set, name))[package_set.derivations]
    return {attr for attr, is_reached in zip(package_set.attrs, reached, strict=True) if is_reached}


def test_pillow_reaches_exactly_what_its_update_rebuilt(graph: Derivations, package_set: PackageSet) -> None:
    pair = pl.read_parquet(PAIRS / "pillow.parquet")
    assert pair.height == 13_620
    rebuilt = set(pair.filter("rebuilt")["attr"])
    assert len(rebuilt) == 157
    assert reached_attrs(graph, package_set, "pillow") == rebuilt


def test_a_graph_of_another_commit_is_no_answer(graph: Derivations, package_set: PackageSet) -> None:
    pair = pl.read_parquet(PAIRS / "hypothesis.parquet")
    assert (pair.height, pair["drv_changed"].sum(), pair["rebuilt"].sum()) == (13_191, 5285, 5269)
    reached = reached_attrs(graph, package_set, "hypothesis")
    assert len(reached) == 441
    assert len(reached & set(pair.filter("rebuilt")["attr"])) < 441


def test_the_graph_has_the_sizes_that_are_published(var: Path) -> None:
    assert rows(
        var,
        """
        select count(*), count(*) filter (where is_fixed_output), max(level), count(distinct level), max(depth)
        from core.derivations
        """,
    ) == [(36_482, 19_440, 67, 68, 71)]
    assert rows(
        var, "select count(*), count(*) filter (where is_check_only) from core.derivation_inputs"
    ) == [(237_257, 88)]
    assert rows(var, "select count(*), count(distinct derivation_id) from core.package_sets") == [
        (13_620, 13_220)
    ]
    assert rows(var, "select count(*), count(level), count(distinct level) from core.package_reach") == [
        (13_215, 13_215, 50)
    ]


def test_groupings_of_a_wave_of_every_package(var: Path) -> None:
    found = rows(
        var,
        """
        select
            grouping, packages, minor_waves, builds, round(mean_builds), median_builds, max_builds, known_seconds,
            builds_without_seconds
        from metrics.wave_groupings order by builds
        """,
    )
    assert found == [
        ("at_once", 13_215, 1, 13_215, 1, 1, 1, None, 13_215),
        ("by_level", 13_215, 50, 265_059, 20, 20, 49, None, 265_059),
        ("one_by_one", 13_215, 13_215, 1_426_784, 108, 58, 555, None, 1_426_784),
    ]


def test_few_edges_are_recorded_as_for_tests_only(var: Path) -> None:
    edges = pl.read_parquet(FOLDERS[0] / "edges-a8dd4d8e538f.parquet")
    # a row of the file is an edge and an output of it
    assert (edges.height, edges.filter("check_only").height) == (239_672, 88)
    assert edges.select("drv", "input").unique().height == 237_257
    assert rows(
        var,
        """
        select sum(derivations), sum(edges), sum(with_role), sum(unnamed), sum(role_unknown), sum(check_only),
            sum(testing), sum(testing_without_check_inputs)
        from metrics.role_coverage
        """,
    ) == [(36_482, 237_257, 235_034, 2_223, 0, 88, 3_682, 3_641)]


def test_sizes_of_the_minor_waves_fall(var: Path) -> None:
    found = rows(
        var, "select minor_wave - 1, builds, minor_waves, packages from metrics.minor_waves order by level"
    )
    sizes = [builds for _, builds, _, _ in found]
    assert [sizes[place] for place in (0, 12, 25, 37, 49)] == [13_169, 10_188, 3_886, 176, 1]
    assert sizes == sorted(sizes, reverse=True)
    assert {(waves, packages) for _, _, waves, packages in found} == {(50, 13_215)}
    assert sum(sizes) == 265_059


def test_what_moves_often_is_known_from_the_year_before(var: Path) -> None:
    assert rows(var, "select count(*), count(updates) from core.package_moves") == [(13_620, 13_620)]
    assert rows(
        var, "select attr, updates from core.package_moves where updates >= 25 order by updates desc, attr"
    ) == [
        ("linux", 163),
        ("dropbox", 32),
        ("youtube-dl", 31),
        ("atom", 25),
        ("syncthing", 25),
    ]


def asked(var: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command on that warehouse."""
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "wave", *words],
        cwd=ROOT,
        env=os.environ | {"NIXPKGS_HEALTH_VAR": str(var)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_plan_of_every_package_as_json(var: Path) -> None:
    told = json.loads(asked(var, "plan", "--all", "--json").stdout)
    groupings = {name: (row["minor_waves"], row["builds"]) for name, row in told["groupings"].items()}
    assert groupings == {
        "at_once": (1, 13_215),
        "planned": (49, 262_672),
        "by_level": (50, 265_059),
        "one_by_one": (13_215, 1_426_784),
    }
    one_by_one = told["groupings"]["one_by_one"]
    assert round(one_by_one["mean_builds_per_package"]) == 108
    assert (one_by_one["median_builds_per_package"], one_by_one["max_builds_per_package"]) == (58, 555)
    assert one_by_one["known_seconds"] is None
    assert one_by_one["builds_without_seconds"] == 1_426_784
    assert [told["by_level"][place]["builds"] for place in (0, 12, 25, 37, 49)] == [
        13_169,
        10_188,
        3_886,
        176,
        1,
    ]
    assert told["package_set"]["is_partial"] is True
    assert len(told["moves_too_often"]) == 31


def test_a_plan_of_two_roots(var: Path) -> None:
    told = json.loads(asked(var, "plan", "--roots", "openssl,gcc", "--json").stdout)
    assert [(wave["groups"], wave["lowest_level"], wave["builds"]) for wave in told["minor_waves"]] == [
        ([["gcc"]], 24, 13_128),
        ([["openssl"]], 27, 9_365),
    ]
    assert sum(row["packages"] for row in told["rebuilt_levels"]) == 13_128
    shared = json.loads(asked(var, "plan", "--roots", "alsaLib,fontconfig", "--json").stdout)
    (wave,) = shared["minor_waves"]
    assert sorted(wave["groups"]) == [["alsaLib"], ["fontconfig"]]
    alone = sum(root["builds"] for root in shared["roots"])
    assert wave["builds"] < alone == shared["groupings"]["one_by_one"]["builds"]


def test_a_plan_fits_a_terminal(var: Path) -> None:
    for words in (
        ("--all",),
        ("--roots", "gcc,openssl"),
        ("--group", "alsaLib,fontconfig", "--roots", "zulu"),
    ):
        done = asked(var, "plan", *words)
        assert done.returncode == 0
        assert max(map(len, done.stdout.splitlines())) <= 80
        assert "This graph is known to lack attributes: every count is a lower bound." in done.stdout
        assert "unknown" in done.stdout


def test_a_fix_of_openssl_compared(var: Path) -> None:
    words = ("--root", "openssl", "--at", "17.09-1", "--roots", "gcc,openssl", "--builds-per-day", "1000")
    told = json.loads(asked(var, "security", *words, "--json").stdout)
    ways = {way["way"]: way for way in told["ways"]}
    assert {name: (way["builds"], way["untested_packages"]) for name, way in ways.items()} == {
        "graft": (0, 9_364),
        "rebuild in place": (9_365, 0),
        "duplicate the wave": (9_365, 0),
        "user override": (0, 9_365),
    }
    # The first minor wave is that of gcc; all of openssl's are in it, and the second builds them again.
    assert told["wave"]["packages_that_it_builds_too"] == 9_365
    assert told["wave"]["packages_that_later_minor_waves_build_anyway"] == 9_365
    assert ways["rebuild in place"]["builds_with_the_wave"] == [13_128, 13_128 + 9_365]
    assert ways["duplicate the wave"]["builds_with_the_wave"] == [13_128 + 9_365] * 2
    assert ways["rebuild in place"]["days"]["90%"]["at_mean"] == pytest.approx(0.9 * 9.365)
    assert ways["graft"]["days"] is None
    assert max(map(len, asked(var, "security", *words).stdout.splitlines())) <= 80


def test_what_is_not_known_of_a_fix_is_said(var: Path) -> None:
    done = asked(var, "security", "--root", "openssl", "--at", "1-2")
    assert done.returncode == 0
    assert "Wave 1-2: neither declared in the log nor told by --roots." in done.stdout
    assert "Rate: unknown" in done.stdout
    told = json.loads(asked(var, "security", "--root", "openssl", "--at", "1-2", "--json").stdout)
    assert told["rate"] is None
    assert [way["days"] for way in told["ways"]] == [None] * 4
    assert [way["builds_with_the_wave"] for way in told["ways"]] == [None] * 4
    assert told["ways"][1]["known_seconds"] is None
    assert told["ways"][1]["builds_without_seconds"] == 9_365


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plan",), "No root is named"),
        (("plan", "--roots", "pillow"), "did you mean python27Packages.pillow, python36Packages.pillow"),
        (("plan", "--roots", "opensll"), "did you mean openssl"),
        (("plan", "--roots", "gcc,gcc"), "'gcc' is named twice"),
        (("plan", "--all", "--roots", "gcc"), "--all takes every package"),
        (("plan", "--roots", "gcc", "--set", "other"), "no package set named 'other'"),
        (("security", "--root", "gcc", "--at", "three"), "names no minor wave"),
        (
            ("security", "--root", "gcc", "--at", "1-3", "--roots", "gcc"),
            "has 1 minor waves, so that there is no 1-3",
        ),
        (
            ("security", "--root", "gcc", "--at", "1-1", "--jobset", "a/b"),
            "No build of a/b on x86_64-linux has a time",
        ),
    ],
)
def test_mistakes_are_told_in_a_sentence(var: Path, words: tuple[str, ...], said: str) -> None:
    done = asked(var, *words)
    assert done.returncode == 3
    assert said in done.stderr
    assert done.stdout == ""


def impact(var: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "impact", *words],
        cwd=ROOT,
        env=os.environ | {"NIXPKGS_HEALTH_VAR": str(var)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_impact_of_an_update_and_what_of_it_is_only_for_tests(var: Path) -> None:
    names = ("python27Packages.hypothesis", "python36Packages.hypothesis")
    told = json.loads(impact(var, *names, "--json").stdout)
    assert tuple(told["attributes"].values()) == REACH["hypothesis"]
    assert len(told["rebuilt_attributes"]) == 441
    assert len(told["only_through_check_inputs"]) == 441 - 83
    assert sum(row["packages"] for row in told["rebuilt_levels"]) == told["packages"]["output_changes"]
    assert told["cost"]["known_seconds"] is None
    assert told["cost"]["builds_without_seconds"] == told["packages"]["output_changes"]
    assert (told["recorded_check_edges"], told["edges"]) == (88, 237_257)
    done = impact(var, *names)
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "Only through inputs for tests: 358" in done.stdout
    assert impact(var, "nothing-of-this-name").returncode == 3
