"""Hydra's answers decode to what was recorded, whichever way, and to a sentence where they cannot be used."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources.hydra import decode
from pipelines.sources.hydra.answers import Page
from pipelines.sources.hydra.bulk import builds_file
from pipelines.sources.hydra.decode import BadAnswer
from tests import hydra_world

AT = datetime(2026, 9, 29, tzinfo=UTC)
BUILD: dict[str, Any] = {
    "id": 309000000,
    "project": "nixpkgs",
    "jobset": "trunk",
    "job": "hello.x86_64-linux",
    "system": "x86_64-linux",
    "nixname": "hello-1",
    "drvpath": "/nix/store/x-hello-1.drv",
    "finished": 1,
    "buildstatus": 0,
    "timestamp": 1_788_751_545,
    "starttime": 1_788_758_391,
    "stoptime": 1_788_759_925,
    "priority": 100,
    "releasename": None,
    "jobsetevals": [1, 2],
    "buildoutputs": {"out": {"path": "/nix/store/y-hello-1"}},
    "buildproducts": {"1": {"type": "nix-build"}, "2": {"type": "doc"}},
    "buildmetrics": {},
}


@cache
def _recorded(instant: str) -> dict[str, bytes]:
    """Bodies of the recorded answers with status 200, by path and query."""
    with zipfile.ZipFile(hydra_world.DATA / "http" / "answers.zip") as packed:
        bodies = packed.read("bodies")
        index = json.loads(packed.read(f"{instant}.json"))
    return {
        path: bodies[offset : offset + size]
        for path, (status, kind, _, offset, size) in index.items()
        if status == 200 and "json" in kind and size
    }


def _told(instant: str, prefix: str, suffix: str = "") -> Iterator[tuple[str, bytes]]:
    for path, body in sorted(_recorded(instant).items()):
        middle = path.removeprefix(prefix).removesuffix(suffix)
        if path.startswith(prefix) and path.endswith(suffix) and middle.isdigit():
            yield middle, body


def _file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "builds.json"
    path.write_bytes(content)
    return path


def _one_by_one(bodies: list[bytes]) -> pl.DataFrame:
    rows = [decode.read(body, decode.Build) for body in bodies]
    return pl.DataFrame(
        [
            (
                row.id,
                row.job,
                row.finished == 1,
                row.buildstatus,
                *(
                    datetime.fromtimestamp(at, UTC) if at is not None else None
                    for at in (row.timestamp, row.starttime, row.stoptime)
                ),
                row.drvpath,
            )
            for row in rows
        ],
        schema={
            name: kind
            for name, kind in hydra_world.tables("t1").builds.schema.items()
            if name in {"build_id", "job", "is_finished", "build_status", "drv_path"}
            or name.endswith("ed_at")
            and name != "observed_at"
        },
        orient="row",
    )


@pytest.mark.parametrize("instant", hydra_world.INSTANTS)
def test_recorded_builds_are_those_of_the_database_one_by_one_and_in_bulk(
    tmp_path: Path, instant: str
) -> None:
    bodies = [body for _, body in _told(instant, "/build/")]
    assert len(bodies) > 3900
    one_by_one = _one_by_one(bodies)
    path = _file(tmp_path, b"[" + b",".join(bodies) + b"]")
    bulk, rejected = builds_file(path, AT, piece=100_000)
    assert not rejected
    assert bulk.select(one_by_one.columns).equals(one_by_one)
    database = hydra_world.tables(instant).builds
    told = [name for name in database.columns if name not in {"is_cached", "nix_name", "observed_at"}]
    assert bulk.sort("build_id").select(told).equals(database.sort("build_id").select(told))


@pytest.mark.parametrize("instant", hydra_world.INSTANTS)
def test_recorded_evaluations_are_those_of_the_database(instant: str) -> None:
    given = hydra_world.tables(instant)
    members = dict(given.members.group_by("evaluation_id").agg("build_id").iter_rows())
    evaluations = {row["evaluation_id"]: row for row in given.evaluations.iter_rows(named=True)}
    seen = 0
    for number, body in _told(instant, "/eval/"):
        told = decode.read(body, decode.Evaluation)
        assert told.id == int(number)
        if told.hasnewbuilds:
            seen += 1
            assert sorted(told.builds) == sorted(members[told.id])
            row = evaluations[told.id]
            assert (datetime.fromtimestamp(told.timestamp, UTC), told.flake) == (
                row["evaluated_at"],
                row["flake"],
            )
            pinned = told.jobsetevalinputs.get("nixpkgs")
            assert (pinned.revision if pinned else None) == row["revision"]
        else:
            assert told.builds == []
    assert seen == given.evaluations.height


def test_lists_and_jobsets_decode() -> None:
    answers = _recorded("t1")
    page = decode.read(answers["/jobset/nixpkgs/lib-flake/evals"], Page)
    assert all(decode.read(one, decode.Evaluation).id for one in page.evals)
    assert (len(page.evals), page.next) == (20, "?page=2")
    newest = [body for path, body in answers.items() if path.startswith("/api/latestbuilds")]
    rows = [row for body in newest for row in decode.read(body, list[decode.LatestBuild])]
    assert rows
    assert all(row.finished == 1 for row in rows)
    assert decode.read(answers["/jobset/nixpkgs/lib-flake"], decode.Jobset).type == 1
    parts = [decode.read(body, list[decode.Build]) for _, body in _told("t1", "/build/", "/constituents")]
    assert any(parts)
    assert [] in parts


@pytest.mark.parametrize(
    ("changed", "place", "seen"),
    [
        ({"id": "7"}, "$.id", "'7'"),
        ({"id": 0}, "$.id", "0"),
        ({"id": 10**30}, "$.id", "1000000000"),
        ({"finished": True}, "$.finished", "True"),
        ({"finished": 2}, "$.finished", "2"),
        ({"buildstatus": -1}, "$.buildstatus", "-1"),
        ({"buildstatus": 1.5}, "$.buildstatus", "1.5"),
        ({"stoptime": -5}, "$.stoptime", "-5"),
        ({"starttime": 10**12}, "$.starttime", "1000000000000"),
        ({"timestamp": None}, "$.timestamp", "None"),
        ({"job": ""}, "$.job", "''"),
        ({"job": "x" * 501}, "$.job", "xxx"),
        ({"system": ["x86_64-linux"]}, "$.system", "['x86_64-linux']"),
        ({"drvpath": {}}, "$.drvpath", "{}"),
    ],
)
def test_what_is_unusable_is_said_by_field_seen_and_expected(
    tmp_path: Path, changed: dict[str, Any], place: str, seen: str
) -> None:
    body = json.dumps({**BUILD, **changed}).encode()
    with pytest.raises(BadAnswer) as caught:
        decode.read(body, decode.Build)
    assert f"at {place}: expected" in str(caught.value)
    assert seen in str(caught.value)
    # In bulk the others are used, and the reason is the same.
    good = json.dumps(BUILD).encode()
    frame, rejected = builds_file(_file(tmp_path, b"[" + good + b"," + body + b"," + good + b"]"), AT)
    assert frame.height == 2
    assert [(one.reason, one.content) for one in rejected] == [(str(caught.value), body)]


@pytest.mark.parametrize("name", ["id", "job", "finished", "buildstatus", "system"])
def test_a_missing_field_is_named(name: str) -> None:
    with pytest.raises(BadAnswer, match=f"required field `{name}`"):
        decode.read(
            json.dumps({key: value for key, value in BUILD.items() if key != name}).encode(), decode.Build
        )


@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html><p>hello", b"\xff\xfe", b"[" * 100_000, b'{"id": 1'])
def test_what_is_no_json_is_said(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="is not JSON"):
        decode.read(body, decode.Build)


@pytest.mark.parametrize("piece", [16, 300, 1000, 512 * 1024])
@pytest.mark.parametrize("style", ["compact", "spaced", "pretty"])
def test_objects_are_told_apart_however_they_are_written(tmp_path: Path, piece: int, style: str) -> None:
    """Text that looks like the end of an object, anywhere inside one, is no end."""
    nasty = '},{"id":1},{\\"]}[{'
    rows = [
        {**BUILD, "id": n + 1, "job": nasty + "x" * (n * 37 % 200), "releasename": "},{" * 50, "z": [{}, {}]}
        for n in range(40)
    ]
    written: dict[str, dict[str, Any]] = {
        "compact": {"separators": (",", ":")},
        "spaced": {"separators": (" , ", " : ")},
        "pretty": {"indent": 4},
    }
    content = json.dumps(rows, **written[style]).encode()
    frame, rejected = builds_file(_file(tmp_path, b" \n" + content + b"\n "), AT, piece=piece)
    assert not rejected
    assert frame["build_id"].to_list() == [row["id"] for row in rows]
    assert frame["job"].to_list() == [row["job"] for row in rows]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"{}",
        b"[",
        b"[ ",
        b'[{"id":1}',
        b'[{"id":1},',
        b'[{"id":1},]',
        b'[{"id":1}] x',
        b'[{"id":1}]]',
        b'[{"id":1};{"id":2}]',
        b'[{"id":1}{"id":2}]',
        b'[{"id":1,}]',
        b'[{"id":"',
        b"<html>",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("piece", [4, 4096])
def test_nothing_is_used_of_a_file_that_is_no_whole_array(tmp_path: Path, content: bytes, piece: int) -> None:
    with pytest.raises(BadAnswer):
        builds_file(_file(tmp_path, content), AT, piece=piece)


def test_no_builds_are_an_empty_table(tmp_path: Path) -> None:
    for content in (b"[]", b" [ ]\n"):
        frame, rejected = builds_file(_file(tmp_path, content), AT, piece=2)
        assert (frame.height, rejected) == (0, [])
        assert frame.schema == hydra_world.tables("t1").builds.schema


def test_an_object_without_end_is_no_reason_to_read_on(tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match="bytes"):
        builds_file(_file(tmp_path, b'[{"id":"' + b"x" * (17 * 1024 * 1024)), AT)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from(["},{", '"]', "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
_ROW = st.fixed_dictionaries({}, optional=dict.fromkeys((*BUILD, "other"), _JSON)).map(
    lambda changed: {**BUILD, **changed}
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(_ROW, max_size=5), piece=st.integers(1, 2000), spaced=st.booleans())
def test_bulk_takes_exactly_what_one_by_one_takes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], piece: int, spaced: bool
) -> None:
    bodies = [json.dumps(row, ensure_ascii=spaced).encode("utf-8", "surrogatepass") for row in rows]
    good, bad = [], 0
    for body in bodies:
        try:
            good.append(decode.read(body, decode.Build).job)
        except BadAnswer:
            bad += 1
    content = io.BytesIO()
    content.write(b"[" + (b", " if spaced else b",").join(bodies) + b"]")
    path = _file(tmp_path_factory.mktemp("bulk"), content.getvalue())
    frame, rejected = builds_file(path, AT, piece=piece)
    assert (frame["job"].to_list(), len(rejected)) == (good, bad)
