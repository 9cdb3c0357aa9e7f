"""Headers of `sql/`: what is read from them, what is refused, and that every relation of ours is documented."""

from pathlib import Path

import duckdb
import pytest

from models.presets import PRESETS
from models.vocabulary import STATUS_CLASSES
from pipelines import checks, relations, warehouse
from pipelines.errors import BadInput, CheckFailed
from pipelines.log.store import EventLog
from pipelines.paths import SQL

HEADER = "-- A thing.\n--\n-- More of it.\n--\n-- grain: a\n-- column: a | Number.\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_header_gives_summary_grain_columns_and_dependencies(tmp_path: Path) -> None:
    write(tmp_path, "core/base.sql", HEADER + "select 1 as a")
    write(
        tmp_path,
        "metrics/top.sql",
        HEADER + "with b as (select a from core.base) select b.a from b inner join core.base using (a)",
    )
    found = relations.load(tmp_path)
    assert list(found) == ["core.base", "metrics.top"]
    top = found["metrics.top"]
    assert (top.summary, top.description, top.grain) == ("A thing.", "More of it.", ("a",))
    assert (top.kind, top.kept, top.columns, top.dependencies) == (
        "table",
        True,
        {"a": "Number."},
        ("core.base",),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select 1 as a", "no summary"),
        ("-- A thing.\n-- column: a | Number.\nselect 1 as a", "no summary, grain or columns"),
        ("-- A thing.\n-- grain: a\n-- column: a |\nselect 1 as a", "describes the column 'a' with nothing"),
        (HEADER + "selec 1 as a", "does not parse"),
    ],
)
def test_a_file_without_documentation_or_sense_is_refused(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, "core/base.sql", text)
    with pytest.raises(BadInput, match=words):
        relations.load(tmp_path)


def test_a_circle_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "core/one.sql", HEADER + "select a from core.two")
    write(tmp_path, "core/two.sql", HEADER + "select a from core.one")
    with pytest.raises(BadInput, match=r"core\.one, core\.two, or claims about them, wait"):
        relations.load(tmp_path)


def test_documented_columns_must_be_those_of_the_select(tmp_path: Path) -> None:
    write(tmp_path, "core/base.sql", HEADER + "select 1 as a, 2 as b")
    with warehouse.connect(":memory:") as con, pytest.raises(CheckFailed, match=r"undocumented: \['b'\]"):
        warehouse.build(con, relations.load(tmp_path))


def test_comments_reach_the_finished_database(tmp_path: Path) -> None:
    write(tmp_path, "core/base.sql", HEADER.replace("Number.", "It's a; number.") + "select 1 as a")
    view = HEADER.replace("A thing.", "A view.") + "select a from core.base"
    write(tmp_path, "core/seen.sql", view.replace("-- grain", "-- kind: view\n-- grain"))
    loaded = relations.load(tmp_path)
    target = tmp_path / "finished.duckdb"
    with warehouse.connect(":memory:") as con:
        warehouse.build(con, loaded)
        warehouse.finish(con, loaded, EventLog(tmp_path / "log"), target, None)
    with warehouse.connect(target, read_only=True) as con:
        assert con.sql(
            "select table_name, comment from duckdb_columns() where column_name = 'a' and schema_name = 'core' "
            "order by all"
        ).fetchall() == [("base", "It's a; number."), ("seen", "Number.")]
        assert con.sql(
            "select table_name, comment from duckdb_tables() where schema_name = 'core' union all "
            "select view_name, comment from duckdb_views() where schema_name = 'core' order by all"
        ).fetchall() == [("base", "A thing."), ("seen", "A view.")]


def test_a_repeated_grain_is_counted(tmp_path: Path) -> None:
    write(tmp_path, "core/base.sql", HEADER + "select unnest([1, 1, 2, null, null]) as a")
    loaded = relations.load(tmp_path)
    with warehouse.connect(":memory:") as con:
        warehouse.build(con, loaded)
        assert warehouse.grain_violations(con, loaded["core.base"]) == 2
        (result,) = checks.run(con, loaded["core.base"], [])
        assert result.is_broken
        assert "2 rows break it" in result.sentence()


def test_a_stacked_builder_binds_each_preset_apart(tmp_path: Path) -> None:
    write(tmp_path, "core/base.sql", HEADER + "-- a comment with $nothing\nselect $time_basis as a")
    header = HEADER.replace(
        "-- grain: a", "-- builder: core.base\n-- presets: headline, trunk-reference\n-- grain: preset, a"
    )
    write(tmp_path, "core/both.sql", header + "-- column: preset | Name.\n")
    bound = {
        relations.preset_parameter(n, k): v for n, p in PRESETS.items() for k, v in p.parameters().items()
    }
    with warehouse.connect(":memory:") as con:
        warehouse.build(con, relations.load(tmp_path), parameters=bound | {"time_basis": "none"})
        assert con.sql("from core.both order by all").fetchall() == [
            ("headline", "evaluation_at"),
            ("trunk-reference", "first_observed_at"),
        ]


def test_a_check_of_no_relation_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "core/base.sql", HEADER + "select 1 as a")
    write(tmp_path, "checks/other__is_true.sql", "-- It is true.\nselect 1")
    with pytest.raises(BadInput, match="names no relation"):
        checks.load(tmp_path / "checks", relations.load(tmp_path))


def test_a_broken_claim_stops_and_a_warning_does_not(tmp_path: Path) -> None:
    write(tmp_path, "core/base.sql", HEADER + "select 1 as a")
    write(tmp_path, "checks/base__is_two.sql", "-- It is two.\nselect a from core.base where a <> 2")
    write(
        tmp_path,
        "checks/base__is_three.sql",
        "-- It is three.\n-- severity: warn\nselect a from core.base where a <> 3",
    )
    loaded = relations.load(tmp_path)
    claims = checks.load(tmp_path / "checks", loaded)["core.base"]
    with warehouse.connect(":memory:") as con:
        warehouse.build(con, loaded)
        results = {r.claim: r for r in checks.run(con, loaded["core.base"], claims)}
    assert {name: (r.broken_rows, r.is_broken) for name, r in results.items()} == {
        "grain": (0, False),
        "is_two": (1, True),
        "is_three": (1, False),
    }


def test_statuses_of_sql_are_those_of_the_vocabulary() -> None:
    relation = relations.load(SQL)["core.status_classes"]
    with duckdb.connect(":memory:") as con:
        rows = con.sql(relation.sql).fetchall()
    assert {row[0]: (row[1], row[2]) for row in rows} == {
        word: (str(cls), None if kind is None else str(kind)) for word, (cls, kind) in STATUS_CLASSES.items()
    }


def test_the_kind_of_a_failure_is_told_in_one_place() -> None:
    """An own failure is one only where the source can tell; every other relation joins that."""
    known = relations.load(SQL)
    with duckdb.connect(":memory:") as con:
        con.execute("create schema core")
        con.execute(f"create table core.status_classes as {known['core.status_classes'].sql}")
        rows = con.sql(known["core.status_kinds"].sql).fetchall()
    of_own = {"own": "own", "dependency": "dependency", "unknown": "unknown_cause"}
    assert {row[:2]: row[2:] for row in rows} == {
        (word, cause): (str(cls), of_own[cause] if kind == "own" else None if kind is None else str(kind))
        for word, (cls, kind) in STATUS_CLASSES.items()
        for cause in of_own
    }
    repeating = [name for name, one in known.items() if "then 'unknown_cause'" in one.sql]
    assert repeating == ["core.status_kinds"]


def test_relations_read_their_own_layer_or_one_before() -> None:
    below = {
        "staging": {"log"},
        "replay": {"staging", "replay", "core"},
        "core": {"staging", "replay", "core"},
        "metrics": {"core", "metrics"},
    }
    wrong = [
        (key, name)
        for key, relation in relations.load(SQL).items()
        for name in relation.dependencies
        if name.partition(".")[0] not in below[relation.schema]
    ]
    assert wrong == []


def test_every_metric_says_the_version_of_its_definition() -> None:
    metrics = [r for r in relations.load(SQL).values() if r.schema == "metrics"]
    assert metrics
    assert [r.key for r in metrics if list(r.columns)[-1] != "definition_version"] == []
