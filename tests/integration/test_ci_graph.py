"""Derivations, outputs and package sets of a CI, through the log, to rows of the warehouse."""

import itertools
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from models.derivations import id64, outputs_id64, sha256_id64, text_id64
from pipelines.log import verify
from pipelines.log.store import EventLog
from pipelines.sources.ci.validate import validate
from tests import histories
from tests.ci_events import COMMIT, PLACE, event, ingest, job, put, started

STORE = "/nix/store/"
LIB, TOOL, APP = (
    f"{STORE}{n * 32}-{name}" for n, name in (("1", "lib-1.2"), ("2", "tool-3"), ("3", "app-1"))
)
HASH = "sha256-nsDUWOIG/+sDHaDnOzuXLPpAzJ9vf92UMnR4OGH+iqo="


def derivation(path: str, time: str = "2025-10-01T03:10:00Z", **more: Any) -> bytes:
    told = {
        "drv_path": f"{path}.drv",
        "system": "x86_64-linux",
        "outputs": {"out": path},
        "is_fixed_output": False,
    }
    return event("derivation.observed.v1", f"drv/{path}/{sorted(more)}/{time}", told | more, time)


def used(path: str, *outputs: str, **more: Any) -> dict[str, Any]:
    return {"drv_path": f"{path}.drv", "outputs": list(outputs or ("out",)), **more}


def output(path: str, time: str = "2025-10-01T03:10:00Z", **more: Any) -> bytes:
    told = {"drv_path": f"{path}.drv", "output": "out", "path": path, "nar_hash": HASH, "nar_bytes": 520}
    return event("output.observed.v1", f"out/{path}/{sorted(more)}/{time}", told | more, time)


def package_set(complete: bool = True, **more: Any) -> bytes:
    told = {"package_set": "nixpkgs", "commit": COMMIT, "complete": complete}
    return event("package-set.evaluated.v1", "set", told | more)


def attribute(attr: str, path: str, **more: Any) -> bytes:
    told = {"package_set": "nixpkgs", "commit": COMMIT, "attr": attr, "system": "x86_64-linux"}
    return event("attribute.evaluated.v1", f"attr/{attr}/{path}", told | {"drv_path": f"{path}.drv"} | more)


def logged(var: Path, event_type: str) -> pl.DataFrame:
    return EventLog(var / "log").scan(event_type).collect()


def asked(var: Path, *sql: str) -> list[list[tuple[Any, ...]]]:
    """The rows of each select."""
    with histories.build(EventLog(var / "log"), also=("core.package_sets", "core.derivation_inputs")) as con:
        return [con.execute(one).fetchall() for one in sql]


WHOLE = [
    derivation(LIB),
    derivation(TOOL),
    derivation(
        APP,
        recipe_sha256="ab" * 32,
        required_features=["big-parallel"],
        does_check=True,
        inputs=[
            used(LIB, roles=["buildInputs", "x"], is_check_only=False),
            used(TOOL, roles=["checkInputs"], is_check_only=True),
        ],
    ),
    package_set(expected_attrs=2, commit_time="2025-10-01T00:00:00Z"),
    attribute("lib", LIB),
    attribute("app", APP),
    output(APP, references=[APP, LIB], hashes={"names_keyed": "cd" * 32}, file_bytes=232),
]


def test_what_is_told_is_in_the_log_and_in_the_graph(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", WHOLE)
    (done,) = ingest(tmp_path)
    assert (done.source, done.rejected) == (PLACE, 0)
    app = logged(tmp_path, "derivation_observed").filter(pl.col("name") == "app-1").row(0, named=True)
    assert app["derivation_id64"] == id64("3" * 32)
    assert app["recipe_id64"] == sha256_id64("ab" * 32)
    assert app["outputs_id64"] == outputs_id64({"out": APP})
    assert (app["drv_path"], app["drv_hash"]) == (None, "3" * 32)
    assert app["inputs"] == [
        {
            "derivation_id64": id64("1" * 32),
            "role": "buildInputs x",
            "outputs": ["out"],
            "is_check_only": False,
        },
        {"derivation_id64": id64("2" * 32), "role": "checkInputs", "outputs": ["out"], "is_check_only": True},
    ]
    (content,) = logged(tmp_path, "output_observed").to_dicts()
    assert content["id"] == f"{PLACE}:output:{id64('3' * 32)}:out:{HASH[:16]}"
    assert (content["references"], content["nar_bytes"], content["file_bytes"]) == ([LIB], 520, 232)
    assert (content["names_keyed_id64"], content["content_id64"]) == (sha256_id64("cd" * 32), None)
    sets, inputs = asked(
        tmp_path,
        "select source, revision, is_partial, attr from core.package_sets order by attr",
        "select i.name, e.roles, e.is_check_only from core.derivation_inputs as e "
        "join core.derivations as i on e.input_id = i.derivation_id order by 1",
    )
    assert sets == [(PLACE, COMMIT, False, "app"), (PLACE, COMMIT, False, "lib")]
    assert inputs == [("lib-1.2", "buildInputs x", False), ("tool-3", "checkInputs", True)]
    assert sha256_id64("ab" * 32) != text_id64("ab" * 32)


def test_saying_it_again_appends_nothing(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", WHOLE)
    ingest(tmp_path)
    version = EventLog(tmp_path / "log").version()
    put(tmp_path / "inbox", "2.ndjson", WHOLE[::-1])
    ingest(tmp_path)
    assert EventLog(tmp_path / "log").version() == version
    assert verify.verify(EventLog(tmp_path / "log")).batches == 1


def test_neither_order_nor_files_nor_calls_change_what_is_known(tmp_path: Path) -> None:
    """Poor and rich tellings, attributes before their set and after it: one file or three, in one call or three."""
    poor = derivation(APP, "2025-10-01T01:00:00Z", inputs=[used(LIB), used(TOOL)])
    parts = [
        [poor, WHOLE[3], output(APP, "2025-10-01T01:00:00Z", closure_bytes=1520)],
        [WHOLE[1], WHOLE[2], WHOLE[4]],
        [WHOLE[0], WHOLE[5], WHOLE[6]],
    ]
    seen = []
    for number, order in enumerate(itertools.permutations(parts)):
        for calls in (1, 3):
            var = tmp_path / f"{number}-{calls}"
            for place, part in enumerate(order):
                put(var / "inbox", f"{place}.ndjson", part)
                if calls == 3:
                    ingest(var)
            ingest(var)
            found = asked(
                var,
                "select attr, is_partial, committed_at, derivation_id from core.package_sets order by 1",
                "select derivation_id64, name, does_check, inputs from staging.derivation_observed order by 1",
            )
            richest = logged(var, "output_observed").select(
                pl.col("references", "closure_bytes", "file_bytes", "names_keyed_id64").drop_nulls().last()
            )
            seen.append((*found, richest.rows()))
    assert len(seen) == 12
    assert len(seen[0][0]) == 2
    assert not seen[0][0][0][1]
    assert all(one == seen[0] for one in seen)


@pytest.mark.parametrize("calls", [1, 2])
@pytest.mark.parametrize(
    ("other", "column"),
    [
        ({"recipe_sha256": "ef" * 32}, "recipe_id64"),
        ({"outputs": {"out": LIB}}, "outputs_id64"),
        ({"is_fixed_output": True}, "is_fixed_output"),
        ({"inputs": [used(LIB, roles=["buildInputs", "x"])]}, "inputs"),
        ({"inputs": [used(LIB, roles=["y"]), used(TOOL, roles=["checkInputs"])]}, "inputs"),
    ],
)
def test_a_derivation_that_is_told_otherwise_is_rejected(
    tmp_path: Path, other: dict[str, Any], column: str, calls: int
) -> None:
    put(tmp_path / "inbox", "1.ndjson", WHOLE)
    if calls == 2:
        ingest(tmp_path)
    put(tmp_path / "inbox", "2.ndjson", [derivation(APP, "2025-10-02T00:00:00Z", **other)])
    (done,) = ingest(tmp_path)
    assert done.rejected == 1
    (gap,) = logged(tmp_path, "gap_declared").to_dicts()
    assert f"other {column}" in gap["detail"]
    (app,) = logged(tmp_path, "derivation_observed").filter(pl.col("name") == "app-1").to_dicts()
    assert app["recipe_id64"] == sha256_id64("ab" * 32)


def test_content_of_one_hash_has_one_size(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [output(APP), output(APP, "2025-10-02T00:00:00Z", nar_bytes=521)])
    (done,) = ingest(tmp_path)
    assert done.rejected == 1
    assert logged(tmp_path, "output_observed")["nar_bytes"].to_list() == [520]


def test_an_output_that_came_out_otherwise_is_another_event(tmp_path: Path) -> None:
    other = "sha256-81ci/rHBdJrAk2VMNL+a2BMwikdIlT74eSKEZ0kVlIg="
    put(tmp_path / "inbox", "1.ndjson", [output(APP), output(APP, nar_hash=other)])
    (done,) = ingest(tmp_path)
    assert done.rejected == 0
    assert logged(tmp_path, "output_observed")["nar_hash"].sort().to_list() == sorted([HASH, other])


@pytest.mark.parametrize(
    ("lines", "is_partial"),
    [
        ([attribute("lib", LIB)], True),
        ([attribute("lib", LIB), package_set(complete=False)], True),
        ([attribute("lib", LIB), package_set(expected_attrs=2)], True),
        ([attribute("lib", LIB), package_set(expected_attrs=1)], False),
        ([attribute("lib", LIB), package_set()], False),
        ([attribute("lib", LIB), attribute("app", APP)[:-20] + b"\n", package_set(expected_attrs=2)], True),
    ],
)
def test_a_set_is_partial_unless_it_is_complete_and_all_arrived(
    tmp_path: Path, lines: list[bytes], is_partial: bool
) -> None:
    put(tmp_path / "inbox", "1.ndjson", lines)
    ingest(tmp_path)
    assert logged(tmp_path, "package_set_evaluated")["is_partial"].to_list() == [is_partial]


def test_an_attribute_is_one_derivation_at_a_commit(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [attribute("lib", LIB), attribute("lib", TOOL)])
    (done,) = ingest(tmp_path)
    assert done.rejected == 1
    (gap,) = logged(tmp_path, "gap_declared").to_dicts()
    assert "another derivation at the same commit" in gap["detail"]


def test_a_path_whose_hash_is_none_is_rejected(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [derivation(LIB), derivation(LIB.replace("1" * 32, "e" * 32))])
    (done,) = ingest(tmp_path)
    assert done.rejected == 1
    assert logged(tmp_path, "derivation_observed").height == 1


def test_builds_have_their_derivation_machine_and_cores(tmp_path: Path) -> None:
    machines = {"a": "ssh-ng://nix@build3:22?key=x", "b": "build3", "c": "root@10.0.0.3", "d": None}
    lines = [job(attr, drv_path=f"{APP}.drv", builder=told, cores=8) for attr, told in machines.items()]
    put(tmp_path / "inbox", "1.ndjson", [started(), *lines, job("e")])
    ingest(tmp_path)
    builds = logged(tmp_path, "build_observed").sort("attr").select("machine", "cores", "derivation_id64")
    drv = id64("3" * 32)
    assert builds.rows() == [
        ("build3", 8, drv),
        ("build3", 8, drv),
        (None, 8, drv),
        (None, 8, drv),
        (None, None, None),
    ]


def test_validate_counts_and_complains(tmp_path: Path) -> None:
    wrong = derivation(APP, "2025-10-02T00:00:00Z", is_fixed_output=True)
    path = put(tmp_path, "1.ndjson", [*WHOLE, wrong, attribute("x", "/etc/passwd")])
    report = validate(path)
    assert report.nix == ((4, "derivation"), (1, "output"), (2, "attribute"))
    assert [(one.line, one.field) for one in report.complaints] == [(9, "data.drv_path"), (0, "")]
    assert "cannot change" in report.complaints[1].why
    assert list(report.lines())[-1].endswith("2 faults")
    assert not (tmp_path / "log").exists()
