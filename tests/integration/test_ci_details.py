"""What generic events tell beside what is interpreted is kept as it was told, once, and found in the warehouse."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from models.ci_format import PREFIX
from pipelines import relations, warehouse
from pipelines.log.store import EventLog
from pipelines.paths import SQL
from pipelines.sources.ci import details
from tests.ci_events import AT, COMMIT, PLACE, event, finished, ingest, job, put, retracted, started

OTHER = "org.example.other.v1"
NO_HASH = {
    "drv_path": f"/nix/store/{'e' * 32}-a.drv",
    "system": "x86_64-linux",
    "outputs": {"out": None},
    "is_fixed_output": False,
}
"""A derivation whose path holds a letter that Nix does not use."""


def other(identity: str, data: Any, **envelope: Any) -> bytes:
    """An event of a type that is not interpreted."""
    return event("", identity, data, type=OTHER, **envelope)


def built(var: Path) -> duckdb.DuckDBPyConnection:
    """The relation on details alone, from the log below `var`."""
    con = warehouse.connect(":memory:")
    warehouse.attach_log(con, EventLog(var / "log"))
    found = relations.load(SQL)
    wanted = ("staging.observation_retracted", "staging.ci_detail_observed", "core.ci_details")
    warehouse.build(con, {name: found[name] for name in wanted})
    return con


def told(var: Path) -> list[tuple[str, Any]]:
    """Event and details of all that stands."""
    con = built(var)
    rows = con.execute("select event_id, details from core.ci_details order by all").fetchall()
    con.close()
    return rows


def rejected(var: Path) -> list[str]:
    rows = EventLog(var / "log").scan("gap_declared").collect().sort("id")
    return [
        f"{detail} {n}"
        for kind, detail, n in rows.select("kind", "detail", "rows").rows()
        if "reject" in kind
    ]


def test_fields_without_a_column_and_other_types_are_found_in_the_warehouse(tmp_path: Path) -> None:
    measured = {"closure": {"value": 2.5, "unit": "s"}}
    lines = [
        started(config={"cudaSupport": True}, scope=["gimp"], systems=["x86_64-linux"]),
        job("gimp", "failed", phase="test", metrics=measured, name=None, exit_code=2, gpu={"a": [None]}),
        job("later", "queued", builder_pool="gpu"),
        job("plain"),
        other("o-1", {"any": ["thing", {"at": "all"}]}),
        event("channel.advanced.v1", "c", {"channel": "x", "commit": COMMIT, "previous_commit": "5" * 40}),
        finished(note="end"),
    ]
    put(tmp_path / "inbox", "1.ndjson", lines)
    ingest(tmp_path)
    con = built(tmp_path)
    assert con.execute(
        "select event_type, evaluation_id, attr, system, variant, details from core.ci_details order by event_id"
    ).fetchall() == [
        (PREFIX + "channel.advanced.v1", None, None, None, None, '{"previous_commit":"' + "5" * 40 + '"}'),
        (OTHER, None, None, None, None, '{"any": ["thing", {"at": "all"}]}'),
        (
            PREFIX + "run.started.v1",
            "r-1",
            None,
            None,
            None,
            '{"config":{"cudaSupport": true},"scope":["gimp"]}',
        ),
        (PREFIX + "run.finished.v1", "r-1", None, None, None, '{"note":"end"}'),
        (
            *(PREFIX + "job.finished.v1", "r-1", "gimp", "x86_64-linux", None),
            '{"exit_code":2,"gpu":{"a": [null]},"metrics":{"closure": {"value": 2.5, "unit": "s"}},"phase":"test"}',
        ),
        (PREFIX + "job.started.v1", "r-1", "later", "x86_64-linux", None, '{"builder_pool":"gpu"}'),
    ]
    # As the page on the relation says that it is asked.
    asked = "select (details ->> '$.metrics.closure.value')::double from core.ci_details where attr = 'gimp'"
    assert con.execute(asked).fetchall() == [(2.5,)]
    con.close()


@pytest.mark.parametrize("more", [{}, {"phase": "test"}, {"exit_code": 1}], ids=str)
def test_a_thousand_alike_lines_keep_each_its_own(tmp_path: Path, more: dict[str, Any]) -> None:
    lines = [job(f"a{n}", commit=COMMIT, mine={"n": [f"{n}"]}, **more) for n in range(1000)]
    put(tmp_path / "inbox", "1.ndjson", lines)
    ingest(tmp_path)
    kept = {identity.split("/")[1]: json.loads(text) for identity, text in told(tmp_path)}
    assert kept == {f"a{n}": {"mine": {"n": [f"{n}"]}, **more} for n in range(1000)}


def test_numbers_that_differ_from_line_to_line_are_kept(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [job(f"a{n}", commit=COMMIT, duration_s=n / 10) for n in range(1000)])
    ingest(tmp_path)
    kept = [(identity.split("/")[1], text) for identity, text in told(tmp_path)]
    assert sorted(kept) == sorted((f"a{n}", f'{{"duration_s":{n / 10}}}') for n in range(1000))


def test_what_was_told_once_is_not_told_again(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [started(), job("a", phase="x"), other("o", {})])
    ingest(tmp_path)
    (tmp_path / "inbox-state.json").unlink()
    assert [one.batch for one in ingest(tmp_path) if one.batch] == []
    put(tmp_path / "inbox", "2.ndjson", [job("a", phase="x"), other("o", {}), other("p", {})])
    (done,) = ingest(tmp_path)
    assert done.batch
    assert [(name, n) for name, n, _ in done.batch.tables if name == "ci_detail_observed"] == [
        ("ci_detail_observed", 1)
    ]


@pytest.mark.parametrize("files", [1, 2, 3], ids=["one file", "two files of a call", "two calls"])
def test_an_id_with_other_details_is_rejected_in_whatever_order(tmp_path: Path, files: int) -> None:
    pairs = [(job("a", phase="x"), job("a", phase="y")), (other("o", {"a": 1}), other("o", {"a": 2}))]
    for number, order in enumerate(itertools.product((1, -1), repeat=2)):
        place = tmp_path / str(number)
        both = [pair[::way] for pair, way in zip(pairs, order, strict=True)]
        first, last = [pair[0] for pair in both], [pair[1] for pair in both]
        if files == 1:
            put(place / "inbox", "1.ndjson", [started(), *first, *last])
            ingest(place)
        else:
            put(place / "inbox", "1.ndjson", [started(), *first])
            if files == 3:
                ingest(place)
            put(place / "inbox", "2.ndjson", last)
            ingest(place)
        kept = dict(told(place))
        assert len(kept) == 2
        if files < 3:
            assert sorted(kept.values()) == ['{"a": 1}', '{"phase":"x"}']
        assert sum(int(one.rpartition(" ")[2]) for one in rejected(place)) == 2
        assert all("id is not unique" in one for one in rejected(place))


def test_a_version_that_reads_more_finds_no_contradiction_in_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "inbox", "1.ndjson", [started(), job("a", phase="x", mood="fine")])
    ingest(tmp_path)
    beside = details._beside
    monkeypatch.setattr(
        details, "_beside", lambda names, kind: tuple(one for one in beside(names, kind) if one[0] != "phase")
    )
    (tmp_path / "inbox-state.json").unlink()
    ingest(tmp_path)
    assert rejected(tmp_path) == []
    assert [text for _, text in told(tmp_path)] == ['{"mood":"fine","phase":"x"}']
    put(tmp_path / "inbox", "2.ndjson", [job("a", phase="y", mood="sad")])
    ingest(tmp_path)
    assert len(rejected(tmp_path)) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_what_is_taken_back_is_gone_whenever_it_is_said(tmp_path: Path, order: Sequence[int]) -> None:
    gone = "r-1/gone/x86_64-linux//1/succeeded"
    parts = [
        [started(), job("gone", phase="x"), job("stays", phase="y")],
        [other("o", {"a": 1}), other("p", {"a": 2})],
        [retracted(gone), retracted("o")],
    ]
    for number in order:
        put(tmp_path / "inbox", f"{number}.ndjson", parts[number])
        ingest(tmp_path)
    assert [text for _, text in told(tmp_path)] == ['{"a": 2}', '{"phase":"y"}']
    # A job's event is more than its details: the job goes too.
    back = EventLog(tmp_path / "log").scan("observation_retracted").collect()["reason"].to_list()
    is_later = order.index(2) > order.index(0)
    assert ("the source took back results that it had told" in back) == is_later
    unmatched = EventLog(tmp_path / "log").scan("gap_declared").collect()["kind"].to_list()
    # What was taken back before it was told was not known at that time, and is said to be so.
    assert unmatched.count("retraction_unmatched") == (order.index(2) < order.index(0)) + (
        order.index(2) < order.index(1)
    )


def test_what_is_known_from_the_log_alone_can_be_taken_back(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [other("o", {}), other("p", {})])
    ingest(tmp_path)
    (tmp_path / "inbox" / "1.ndjson").unlink()
    put(tmp_path / "inbox", "2.ndjson", [retracted("o")])
    ingest(tmp_path)
    assert told(tmp_path) == [("p", "{}")]
    assert "retraction_unmatched" not in EventLog(tmp_path / "log").scan("gap_declared").collect()["kind"]


def test_details_are_bounded_and_what_is_beyond_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "x" * details.MAX_BYTES
    put(
        tmp_path / "inbox",
        "1.ndjson",
        [started(), job("a", mine=long), other("o", {"b": long}), other("p", {})],
    )
    ingest(tmp_path)
    monkeypatch.setattr(details, "MAX_TOGETHER", 1_200)
    put(tmp_path / "inbox", "2.ndjson", [other(f"q{n}", {}) for n in range(5)])
    ingest(tmp_path)
    assert [name for name, _ in told(tmp_path)] == ["p", "q0", "q1"]
    gaps = EventLog(tmp_path / "log").scan("gap_declared").collect()
    assert sorted(gaps.select("detail", "rows").rows()) == [
        (f"events of type {OTHER}", 2), (f"events of type {OTHER}", 5),
        ("texts of details beyond the bound", 2), ("texts of details beyond the bound", 3),
    ]  # fmt: skip


def test_nothing_is_kept_of_what_is_rejected_or_said_in_a_foreign_name(tmp_path: Path) -> None:
    hydra = "https://hydra.nixos.org"
    lines = [
        started(),
        job("a", commit="5" * 40, phase="of another commit"),
        job("b", "green", phase="no status"),
        other("o", {}, source=hydra),
        event("derivation.observed.v1", "d", NO_HASH | {"note": "no hash"}),
        other("p", {}),
    ]
    put(tmp_path / "inbox", "1.ndjson", lines)
    put(tmp_path / "inbox", "2.ndjson", [started(commit="6" * 40), job("c", commit="6" * 40, phase="later")])
    ingest(tmp_path)
    assert told(tmp_path) == [("p", "{}")]
    gaps = EventLog(tmp_path / "log").scan("gap_declared").collect()
    assert set(gaps["source"]) == {PLACE}
    assert (f"events of type {OTHER}", 1) in gaps.select("detail", "rows").rows()


def test_hostile_fields_are_kept_as_text_or_not_at_all(tmp_path: Path) -> None:
    line = job("a", commit=COMMIT, mine="HOLE")
    holes = {
        "bytes": b'"\xff\xfe"',
        "surrogate": rb'"\ud800"',
        "number": b"1" + b"0" * 400,
        "deep": b"[" * 50 + b"]" * 50,
        "addresses": rb'"to\nme@example.org, \"you.there\u0040a.example.org\" and @nobody"',
        "markup": b'"<script>alert(1)</script>"',
    }
    lines = [
        line.replace(b'"HOLE"', hole).replace(b'"r-1/a/', f'"r-1/{name}/'.encode())
        for name, hole in holes.items()
    ]
    put(tmp_path / "inbox", "1.ndjson", [started(), *lines, line.replace(b'"mine"', b'"m\xffne"')])
    ingest(tmp_path)
    kept = {identity.split("/")[1]: text for identity, text in told(tmp_path)}
    assert kept == {
        "a": '{"m\N{REPLACEMENT CHARACTER}ne":"HOLE"}',
        "addresses": r'{"mine":"to\n(address left out), \"(address left out)\" and @nobody"}',
        "bytes": '{"mine":"\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"}',
        "deep": '{"mine":' + "[" * 50 + "]" * 50 + "}",
        "markup": '{"mine":"<script>alert(1)</script>"}',
        "number": '{"mine":1' + "0" * 400 + "}",
    }
    assert rejected(tmp_path) == ["1.ndjson: not a JSON object on one line 1"]  # the surrogate


def test_two_addresses_of_one_place_are_one_source(tmp_path: Path) -> None:
    lines = [other("o", {}, source=f"{scheme}://{PLACE}") for scheme in ("http", "https")]
    put(tmp_path / "inbox", "1.ndjson", [*lines, other("p", {}, source=f"http://{PLACE}")])
    ingest(tmp_path)
    assert told(tmp_path) == [("o", "{}"), ("p", "{}")]
    assert rejected(tmp_path) == []


def test_a_long_text_without_an_address_is_passed_over_quickly(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [other("o", {"a": "@" + "a" * 60_000}, time=AT)])
    ingest(tmp_path)
    assert len(told(tmp_path)[0][1]) > 60_000
