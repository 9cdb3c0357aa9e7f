"""The published files themselves: equal bytes, queries that give the rows again, downloads, and no needless work."""

import csv
import html
import json
import re
import xml.etree.ElementTree as ElementTree

import altair as alt
import duckdb
import jsonschema
import pytest

from pipelines import relations
from pipelines.errors import BadInput, CheckFailed
from pipelines.paths import SITE, SQL
from pipelines.publish import drawing, palette, reference
from pipelines.publish.figure import CHARTS
from pipelines.publish.report import publish
from tests.browser import fixture_world


@pytest.fixture(scope="session")
def public(report):
    """The public database, opened as a stranger would."""
    con = duckdb.connect(str(report.html / "data" / "nixpkgs-health.duckdb"), read_only=True)
    con.execute("set timezone = 'UTC'")
    yield con
    con.close()


def contents(database):
    """Every row of every table of a DuckDB file, in its order, and every comment."""
    with duckdb.connect(str(database), read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name, comment from duckdb_tables() order by all"
        ).fetchall()
        columns = con.execute(
            "select table_name, column_name, data_type, comment from duckdb_columns() order by all"
        ).fetchall()
        return (
            tables,
            columns,
            [con.execute(f"select * from {schema}.{name}").fetchall() for schema, name, _ in tables],
        )


def test_two_builds_have_equal_bytes(world, report, base, tmp_path):
    again = publish(
        world, tmp_path / "build", tmp_path / "var", SITE, SQL, fixture_world.VERSION, site_url=base
    )
    first = {
        path.relative_to(report.html).as_posix(): path for path in report.html.rglob("*") if path.is_file()
    }
    second = {
        path.relative_to(again.html).as_posix(): path for path in again.html.rglob("*") if path.is_file()
    }
    assert set(first) == set(second)
    differing = [name for name in sorted(first) if first[name].read_bytes() != second[name].read_bytes()]
    # DuckDB leaves unused bytes of its blocks as they were in memory, so its file is held to its rows
    assert set(differing) <= {"data/nixpkgs-health.duckdb"}
    assert contents(first["data/nixpkgs-health.duckdb"]) == contents(second["data/nixpkgs-health.duckdb"])
    assert (again.pages, again.headline) == (report.pages, report.headline)


def test_an_equal_report_is_not_built_again(world, report, folder, base, tmp_path):
    said = []
    stamp = (report.html / "index.html").stat().st_mtime_ns
    again = publish(world, folder, tmp_path, SITE, SQL, fixture_world.VERSION, said.append, site_url=base)
    assert again == report
    assert said == []
    assert (report.html / "index.html").stat().st_mtime_ns == stamp


def test_every_published_query_gives_its_rows_again(report, public, tmp_path):
    queries = sorted((report.html / "data" / "charts").rglob("*.sql"))
    assert len(queries) >= 15
    for path in queries:
        again = tmp_path / "again.csv"
        public.execute(
            f"copy ({path.read_text().strip().removesuffix(';')}) to '{again}' (format csv, header)"
        )
        assert again.read_bytes() == path.with_name(path.name.removesuffix(".sql") + ".csv").read_bytes(), (
            path
        )


def test_chart_files_agree(report):
    for path in sorted((report.html / "data" / "charts").rglob("*.csv")):
        stem = path.name.removesuffix(".csv")
        with path.open(newline="", encoding="utf-8") as handle:
            rows = sum(1 for _ in csv.reader(handle)) - 1
        assert rows == len(json.loads(path.with_name(stem + ".json").read_text())) > 0
        assert (
            rows == duckdb.sql(f"select count(*) from '{path.with_name(stem + '.parquet')}'").fetchall()[0][0]
        )
        spec = path.with_name(stem + ".vl.json").read_text()
        assert json.loads(spec)["data"] == {"url": f"{stem}.json"}
        assert set(re.findall(r"#[0-9a-f]{6}", spec)) <= set(palette.LIGHT.values())


def test_every_published_specification_is_valid_vega_lite(report):
    paths = sorted((report.html / "data" / "charts").rglob("*.vl.json"))
    assert len({path.name for path in paths}) > 5
    # The schema that Altair holds its parts against, asked once of the whole: Altair asks it anew of every part.
    schema = jsonschema.Draft7Validator(alt.load_schema())
    for path in paths:
        schema.validate(json.loads(path.read_text()))


def test_no_placeholder_of_a_figure_is_left_in_a_page(report):
    pages = [path.read_text() for path in sorted(report.html.rglob("*.html"))]
    assert sum(text.count('<figure class="fig"') for text in pages) > 10
    assert [text for text in pages if "data-held" in text] == []


def test_the_search_finds_a_figure_by_its_title(report):
    index = json.loads((report.html / "search" / "search_index.json").read_text())
    said = html.unescape(" ".join(entry["text"] for entry in index["docs"]))
    page = (report.html / "time_to_fix.html").read_text()
    titles = [html.unescape(t) for t in re.findall(r'<span class="fig-title">([^<]+)</span>', page)]
    assert titles
    assert [title for title in titles if title not in said] == []


def test_static_pictures_say_what_the_page_says(report):
    for path in sorted((report.html / "data" / "charts").rglob("*.svg")):
        text = " ".join("".join(ElementTree.parse(path).getroot().itertext()).split())
        for words in ("Source: ", "n = ", "As of ", f"Data version {fixture_world.VERSION[:12]}"):
            assert words in text, path
        assert "<script" not in path.read_text(), path


def test_the_public_database_is_described_and_old_clients_can_open_it(report, public):
    undescribed = public.execute(
        "select table_name, column_name from duckdb_columns() "
        "where schema_name in ('core', 'metrics') and comment is null"
    ).fetchall()
    assert undescribed == []
    names = {
        row[0]
        for row in public.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
    }
    assert {"core.failure_episodes", "metrics.green_ratio", "metrics.time_to_fix"} <= names
    header = (report.html / "data" / "nixpkgs-health.duckdb").read_bytes()[8:24]
    assert header[:4] == b"DUCK"
    assert int.from_bytes(header[4:12], "little") <= 65


def test_each_metric_can_be_downloaded(report, public):
    for (name,) in public.execute(
        "select table_name from duckdb_tables() where schema_name = 'metrics'"
    ).fetchall():
        rows = public.execute(f"select count(*) from metrics.{name}").fetchall()[0][0]
        for suffix in ("csv", "parquet"):
            path = report.html / "data" / "metrics" / f"{name}.{suffix}"
            read = f"read_csv('{path}')" if suffix == "csv" else f"'{path}'"
            assert duckdb.sql(f"select count(*) from {read}").fetchall()[0][0] == rows


@pytest.mark.parametrize("question", reference.questions(SITE), ids=lambda question: question[0])
def test_worked_questions_run_on_the_public_database(public, question):
    name, words, sql = question
    assert words.endswith("?"), name
    public.execute(sql).fetchall()


def test_there_are_twenty_questions():
    assert len(reference.questions(SITE)) == 20


def test_every_metric_has_a_page_and_every_page_a_metric(report):
    metrics = {relation.name for relation in relations.load(SQL).values() if relation.schema == "metrics"}
    assert {path.stem for path in (SITE / "pages" / "metrics").glob("*.md")} - {"index"} == metrics
    assert {path.stem for path in (report.html / "metrics").glob("*.html")} - {"index"} == metrics
    for relation in relations.load(SQL).values():
        if relation.schema == "metrics":
            page = (report.html / "metrics" / f"{relation.name}.html").read_text(encoding="utf-8")
            assert all(f"<code>{column}</code>" in page for column in relation.columns), relation.key


def test_the_invented_world_has_something_of_every_metric(world):
    """A page without rows proves nothing about the page."""
    with duckdb.connect(str(world), read_only=True) as con:
        names = con.sql("select table_name from duckdb_tables() where schema_name = 'metrics'").fetchall()
        assert [
            name for (name,) in names if not con.sql(f"select 1 from metrics.{name} limit 1").fetchall()
        ] == []
    assert len(names) > 20


def test_every_chart_has_its_query():
    modules = {path.stem for path in CHARTS.glob("*.py")} - {"__init__"}
    assert modules == {path.stem for path in CHARTS.glob("*.sql")}


def test_charts_compute_nothing():
    for path in CHARTS.glob("*.py"):
        assert not re.search(
            r"transform_(aggregate|window|joinaggregate|bin|regression|density|stack)\(", path.read_text()
        ), path


def test_the_report_says_nothing_of_what_built_it(report):
    for path in report.html.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert 'name="generator"' not in text, path
        assert "Made with" not in text, path


def test_the_headline_fits_a_terminal(report):
    assert 3 <= len(report.headline) <= 7
    assert all(len(line) <= 80 for line in report.headline)
    assert fixture_world.VERSION[:12] in report.headline[-1]


def test_a_page_with_a_dead_link_is_refused(world, tmp_path, monkeypatch):
    import shutil

    # Pictures are a third of the work, and no link is in one.
    monkeypatch.setattr(drawing, "svg", lambda *_: ('<svg viewBox="0 0 700 200"></svg>', 200))
    site = shutil.copytree(SITE, tmp_path / "site")
    page = site / "pages" / "failing_for_long.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n[nowhere](nowhere.md)\n", encoding="utf-8")
    with pytest.raises(CheckFailed, match=r"nowhere\.md"):
        publish(world, tmp_path / "build", tmp_path / "var", site, SQL, fixture_world.VERSION)
    assert not (tmp_path / "build" / "report").exists()


def test_an_empty_warehouse_is_refused_with_a_sentence(world, tmp_path):
    empty = tmp_path / "empty.duckdb"
    with duckdb.connect(str(empty)) as con:
        con.execute(f"attach '{world}' as full_world (read_only)")
        con.execute("create schema core")
        con.execute("create schema metrics")
        for schema, name in con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'full_world'"
        ).fetchall():
            con.execute(f"create table {schema}.{name} as select * from full_world.{schema}.{name} limit 0")
    with pytest.raises(BadInput, match="ingest a history first"):
        publish(empty, tmp_path / "build", tmp_path / "var", SITE, SQL, fixture_world.VERSION)
