"""The Haskell markers: recognised by content, read whole, repeatable, and not to be spoilt by bad rows."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import SourceDeclared
from pipelines import relations, sources, warehouse
from pipelines.log import schema
from pipelines.log.store import EventLog
from pipelines.paths import EXAMPLES, SQL
from pipelines.sources import broken_markers
from pipelines.sources.base import Facts, Known

BUNDLED = EXAMPLES / "histories" / "haskell-broken-markers"
NOTHING_KNOWN = Known(lambda event_type, source: set())
HEADER = "package,marked_date,build_id,reason_kind"
OPENED: list[duckdb.DuckDBPyConnection] = []
RELATIONS = (
    "staging.package_marked_broken",
    "staging.package_unmarked_broken",
    "staging.source_declared",
    "core.package_markers",
)


def folder(path: Path, rows: Iterable[str], changes: Iterable[tuple[str, str, str, str]] = ()) -> Path:
    """Both lists; a change is (instant, commit's first digit, package, event)."""
    path.mkdir(exist_ok=True)
    (path / "list").write_text("".join(f"{line}\n" for line in [HEADER, *rows]))
    lines = ["committed_at,commit,package,event,platforms"]
    lines += [f"{at},{digit * 40},{package},{event},x86_64-linux" for at, digit, package, event in changes]
    (path / "changes").write_text("".join(f"{line}\n" for line in lines))
    return path


def read(path: Path, known: Known = NOTHING_KNOWN) -> Facts:
    return broken_markers.read(path, known, lambda message: None)


def marked(facts: Facts, marker: str = "broken") -> pl.DataFrame:
    return facts.frames["package_marked_broken"].filter(pl.col("marker") == marker)


def known_of(facts: Facts) -> Known:
    def ids(event_type: str, source: str) -> set[str]:
        assert source == broken_markers.SOURCE
        if event_type == "source_declared":
            return {e.id for e in facts.events if isinstance(e, SourceDeclared)}
        return set(facts.frames[event_type]["id"])

    return Known(ids)


def built(path: Path, *several: Facts) -> duckdb.DuckDBPyConnection:
    """The relations of markers over a log that holds the facts, one batch each."""
    log = EventLog(path)
    for facts in several:
        frames = dict(facts.frames)
        if facts.events:
            frames["source_declared"] = schema.frame_of(facts.events)
        with log.writer_lock():
            log.append(frames, "test")
    con = warehouse.connect(":memory:")
    OPENED.append(con)
    warehouse.attach_log(con, log)
    warehouse.build(con, relations.load(SQL), only=RELATIONS)
    return con


@pytest.fixture(autouse=True)
def connections_are_closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture(scope="module")
def bundled() -> Facts:
    return read(BUNDLED)


def test_the_bundled_lists_are_read_whole(bundled: Facts) -> None:
    broken = marked(bundled)
    assert broken.height == 6_812 - 14
    assert broken["reason_build_id"].drop_nulls().len() == 6_794
    assert broken["reason_kind"].value_counts().sort("reason_kind").rows() == [
        ("hydra_failure", 6_794),
        ("other", 4),
    ]
    assert marked(bundled, "dont-distribute").height == 14_417
    assert bundled.frames["package_unmarked_broken"].height == 11_184
    for frame in bundled.frames.values():
        assert frame["id"].is_unique().all()
        assert (frame["attr"] == "haskellPackages." + frame["package"]).all()


def test_entries_without_a_date_are_rejected_and_kept(bundled: Facts) -> None:
    assert len(bundled.rejected) == 14
    assert {one.reason.partition(": ")[2] for one in bundled.rejected} == {"marked_date is empty"}
    assert b"disposable,,,other" in {one.content for one in bundled.rejected}


def test_most_dates_are_of_one_sweep(bundled: Facts) -> None:
    assert (
        marked(bundled).filter(pl.col("marked_on").is_between(date(2023, 9, 1), date(2023, 9, 30))).height
        == 6_097
    )


def test_a_package_may_be_marked_several_times(bundled: Facts) -> None:
    several = marked(bundled).filter(pl.col("package") == "changelog-d").sort("marked_on")
    assert [str(day) for day in several["marked_on"]] == [
        "2024-03-16",
        "2024-03-31",
        "2024-04-16",
        "2024-04-27",
    ]


def test_named_builds_are_those_of_the_history_of_builds(bundled: Facts) -> None:
    """737 of them were seen failing in the haskell-updates history, 6 only unfinished; no package differs."""
    path = EXAMPLES / "histories" / "hydra-haskell-updates" / "job_observations.parquet"
    with duckdb.connect() as con:
        con.register("markers", marked(bundled).select("package", build_id="reason_build_id").to_arrow())
        rows = con.sql(
            f"""
            select
                count(distinct m.build_id),
                count(distinct m.build_id) filter (where o.status = 'Failed'),
                count(distinct m.build_id) filter (where o.package <> m.package)
            from markers as m
            inner join '{path}' as o on o.build_id = m.build_id::bigint
            """
        ).fetchall()
    assert rows == [(743, 737, 0)]


def test_platforms_are_lists_of_systems(bundled: Facts) -> None:
    systems = {tuple(row) for row in marked(bundled, "dont-distribute")["systems"].to_list()}
    assert ("x86_64-darwin",) in systems
    assert ("i686-linux", "x86_64-darwin", "x86_64-linux") in systems
    assert not any('"' in name for row in systems for name in row)


def test_each_list_declares_its_own_window(bundled: Facts) -> None:
    windows = {e.covers: e for e in bundled.events if isinstance(e, SourceDeclared)}
    assert set(windows) == {"package_marked_broken", "core.package_markers"}
    broken = windows["package_marked_broken"]
    assert (broken.first_at, broken.last_at) == (
        datetime(2023, 9, 2, tzinfo=UTC),
        datetime(2024, 4, 27, tzinfo=UTC),
    )
    assert (broken.scope, broken.licence) == ("haskellPackages.", "MIT")
    other = windows["core.package_markers"]
    assert (other.first_at, other.last_at) == (
        datetime(2015, 9, 12, tzinfo=UTC),
        datetime(2018, 5, 6, tzinfo=UTC),
    )


def test_reading_it_again_adds_nothing(bundled: Facts) -> None:
    again = read(BUNDLED, known_of(bundled))
    assert again.events == []
    assert [frame.height for frame in again.frames.values()] == [0, 0]


def test_a_longer_copy_adds_only_what_is_new_and_ends_in_equal_tables(tmp_path: Path) -> None:
    header, *rows = (BUNDLED / "broken_2024-05.csv").read_text().splitlines()
    assert header == HEADER
    early = [row for row in rows if row.split(",")[1] < "2024"]
    assert 6_000 < len(early) < len(rows)
    short, whole = read(folder(tmp_path / "s", early)), read(folder(tmp_path / "l", rows))
    rest = read(tmp_path / "l", known_of(short))
    assert marked(short).height + marked(rest).height == marked(whole).height
    twice, once = built(tmp_path / "twice", short, rest), built(tmp_path / "once", whole)
    query = "select * from core.package_markers order by all"
    assert twice.sql(query).fetchall() == once.sql(query).fetchall()
    windows = "select scope, min(first_at), max(last_at) from staging.source_declared group by scope"
    assert twice.sql(windows).fetchall() == once.sql(windows).fetchall()


def test_it_is_recognised_by_content_whatever_the_names(tmp_path: Path) -> None:
    assert sources.recognise(BUNDLED) is broken_markers
    assert sources.recognise(folder(tmp_path / "x", [])) is broken_markers
    (tmp_path / "x" / "list").unlink()
    assert sources.recognise(tmp_path / "x") is broken_markers
    (tmp_path / "x" / "changes").unlink()
    assert not broken_markers.recognises(tmp_path / "x")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("bad,,233233765,hydra_failure", "marked_date is empty"),
        ("bad,2023-02-30,233233765,hydra_failure", "marked_date is not a date"),
        ("bad,-2023-09-02,233233765,hydra_failure", "marked_date is not a date"),
        ("bad,1970-01-01,233233765,hydra_failure", "marked_date is not a date"),
        ("bad,9999-12-31,233233765,hydra_failure", "marked_date is not a date"),
        ("bad,2023-09-02,NaN,hydra_failure", "build_id is not a positive whole number"),
        ("bad,2023-09-02,-233233765,hydra_failure", "build_id is not a positive whole number"),
        ("bad,2023-09-02,2.5,hydra_failure", "build_id is not a positive whole number"),
        ("../../etc/passwd,2023-09-02,233233765,hydra_failure", "package is not a name"),
        ("a..b,2023-09-02,233233765,hydra_failure", "package is not a name"),
        ("<script>alert(1)</script>,2023-09-02,233233765,hydra_failure", "package is not a name"),
        (f"{'p' * 100_000},2023-09-02,233233765,hydra_failure", "row is longer than"),
        ("bad,2023-09-02,233233765,<b>", "reason_kind is not a word"),
        ("bad,2023-09-02,233233765", "row has another number of fields"),
        ("good,2023-09-02,1,other", "contradicts another row of the same package, marked_date, build_id"),
    ],
)
def test_a_bad_row_is_rejected_aloud_and_the_good_ones_are_read(
    tmp_path: Path, row: str, reason: str
) -> None:
    good = "good,2023-09-02,1,hydra_failure"
    facts = read(folder(tmp_path / "x", [good, row, "last,2023-09-03,,other"]))
    assert marked(facts)["package"].to_list() == ["good", "last"]
    assert marked(facts)["reason_kind"].to_list() == ["hydra_failure", "other"]
    (one,) = facts.rejected
    assert one.reason.startswith("line 3: ")
    assert reason in one.reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"2016-01-01T00:00:00Z,{'1' * 39},p,added,x86_64-linux", "commit is not a commit"),
        (f"2016-01-01,{'1' * 40},p,added,x86_64-linux", "committed_at is not a UTC instant"),
        (f"2016-01-01T00:00:00Z,{'1' * 40},p,changed,x86_64-linux", "event is not added or removed"),
        (f"2016-01-01T00:00:00Z,{'1' * 40},p,added,<i>", "platforms is not up to 20 systems"),
        (f"2016-01-01T00:00:00Z,{'1' * 40},p,added,{'x-y ' * 20}x-y", "platforms is not up to 20 systems"),
        (f"2016-01-01T00:00:00Z,{'1' * 40},p,added,", "platforms is empty"),
    ],
)
def test_a_bad_change_is_rejected_aloud(tmp_path: Path, line: str, reason: str) -> None:
    path = folder(tmp_path / "x", ["good,2023-09-02,1,other"], [("2016-01-02T00:00:00Z", "2", "q", "added")])
    with (path / "changes").open("a") as file:
        file.write(line + "\n")
    facts = read(path)
    assert marked(facts)["package"].to_list() == ["good"]
    assert marked(facts, "dont-distribute")["package"].to_list() == ["q"]
    (one,) = facts.rejected
    assert reason in one.reason


def test_a_marking_ends_with_the_next_removal_of_the_same_marker(tmp_path: Path) -> None:
    changes = [
        ("2016-01-01T08:00:00Z", "1", "p", "removed"),
        ("2016-02-01T08:00:00Z", "2", "p", "added"),
        ("2016-03-01T08:00:00Z", "3", "p", "removed"),
        ("2016-03-01T09:00:00Z", "4", "p", "added"),
        ("2016-02-15T08:00:00Z", "5", "other", "removed"),
    ]
    con = built(tmp_path / "log", read(folder(tmp_path / "x", ["p,2016-02-10,7,hydra_failure"], changes)))
    rows = con.sql(
        """
        select package, marker, marked_on::varchar, unmarked_on::varchar, reason_build_id
        from core.package_markers
        order by package, marker, coalesce(marked_on, unmarked_on)
        """
    ).fetchall()
    assert rows == [
        ("other", "dont-distribute", None, "2016-02-15", None),
        ("p", "broken", "2016-02-10", None, "7"),
        ("p", "dont-distribute", None, "2016-01-01", None),
        ("p", "dont-distribute", "2016-02-01", "2016-03-01", None),
        ("p", "dont-distribute", "2016-03-01", None, None),
    ]


def test_an_entry_that_was_replaced_in_one_commit_ends_and_begins(tmp_path: Path) -> None:
    changes = [
        ("2016-02-01T08:00:00Z", "1", "p", "added"),
        ("2016-03-01T08:00:00Z", "2", "p", "added"),
        ("2016-03-01T08:00:00Z", "2", "p", "removed"),
    ]
    con = built(tmp_path / "log", read(folder(tmp_path / "x", [], changes)))
    query = "select marked_on::varchar, unmarked_on::varchar from core.package_markers order by marked_on"
    assert con.sql(query).fetchall() == [("2016-02-01", "2016-03-01"), ("2016-03-01", None)]


def test_marked_at_is_midnight_utc_in_any_time_zone(tmp_path: Path) -> None:
    con = built(tmp_path / "log", read(folder(tmp_path / "x", ["p,2023-09-02,7,hydra_failure"])))
    con.execute("set timezone = 'America/New_York'")
    query = "select epoch_ms(marked_at), marked_on::varchar from core.package_markers"
    assert con.sql(query).fetchall() == [(1_693_612_800_000, "2023-09-02")]


def test_the_bundled_markers_become_one_row_each(bundled: Facts, tmp_path: Path) -> None:
    con = built(tmp_path / "log", bundled)
    found = con.sql(
        """
        select marker, count(*), count(marked_on), count(unmarked_on)
        from core.package_markers
        group by marker
        order by marker
        """
    ).fetchall()
    assert found == [("broken", 6_798, 6_798, 0), ("dont-distribute", 18_295, 14_417, 11_184)]
    loaded = relations.load(SQL)
    assert [name for name in RELATIONS if warehouse.grain_violations(con, loaded[name])] == []


DAMAGE = {
    "package_markers__hold_every_marking": "delete from core.package_markers where marker = 'broken'",
    "package_markers__no_marking_ends_before_it_begins": (
        "update core.package_markers set unmarked_on = date '2001-01-01' where marked_on is not null"
    ),
}


def test_checks_hold_and_notice_damage(bundled: Facts, tmp_path: Path) -> None:
    checks = {path.stem: path.read_text() for path in (SQL / "checks").glob("package_markers__*.sql")}
    assert set(checks) == set(DAMAGE)
    con = built(tmp_path / "log", bundled)
    for name, text in checks.items():
        assert con.sql(text).fetchall() == [], name
        con.execute("begin transaction")
        con.execute(DAMAGE[name])
        assert con.sql(text).fetchall(), name
        con.execute("rollback")


_CELLS = st.sampled_from(
    ["p", "2023-09-02", "233", "hydra_failure", "", "NaN", "..", '"', "\r", "\x00", "-1", "é"]
)
_LINES = st.one_of(
    st.binary(max_size=60), st.lists(_CELLS, max_size=6).map(lambda cells: ",".join(cells).encode())
)


@settings(max_examples=200)
@given(rows=st.lists(_LINES, max_size=10), changes=st.lists(_LINES, max_size=10), is_cut=st.booleans())
def test_no_garbage_stops_the_good_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], changes: list[bytes], is_cut: bool
) -> None:
    path = tmp_path_factory.mktemp("fuzz")
    garbage = [line.replace(b"\n", b" ") for line in rows]
    body = [HEADER.encode(), b"good-one,2023-09-02,1,other", *garbage, b"good-two,2023-09-03,2,other"]
    (path / "list").write_bytes(b"\n".join([*body, b"cut" if is_cut else b""]))
    change = b"2016-01-01T00:00:00Z," + b"1" * 40 + b",good-three,removed,x86_64-linux\n"
    (path / "changes").write_bytes(
        b"committed_at,commit,package,event,platforms\n" + change + b"".join(line + b"\n" for line in changes)
    )
    facts = read(path)
    found = facts.frames["package_marked_broken"]
    assert {"good-one", "good-two"} <= set(found["package"])
    assert "good-three" in set(facts.frames["package_unmarked_broken"]["package"])
    assert found["id"].is_unique().all()
    assert found["package"].str.contains(r"^[A-Za-z0-9][A-Za-z0-9._+-]*$").all()
    assert found["marked_on"].is_between(date(2003, 1, 1), date(2099, 12, 31)).all()
    told = [line.removesuffix(b"\r") for line in garbage if line not in (b"", b"\r")]
    of_list = sum(one.rows for one in facts.rejected if one.file == "list")
    accounted = of_list + marked(facts).height - 2
    assert accounted <= len(told) + is_cut
    assert accounted == len(told) + is_cut or len(set(told)) < len(told)
    assert of_list >= is_cut
