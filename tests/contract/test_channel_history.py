"""The channel history: recognised by content, read whole, repeatable, and not to be spoilt by bad rows."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import SourceDeclared
from pipelines import sources, warehouse
from pipelines.errors import BadInput
from pipelines.log import schema
from pipelines.log.store import EventLog
from pipelines.paths import EXAMPLES
from pipelines.sources import channel_history
from pipelines.sources.base import Facts, Known
from tests.sql import harness

BUNDLED = EXAMPLES / "histories" / "channel-history"
NOTHING_KNOWN = Known(lambda event_type, source: set())
HEADER = "channel,commit_date,detected_at,commit"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def commit(n: int) -> str:
    """A commit that begins with its number, 1 to 15."""
    return f"{n:x}" * 40


def folder(path: Path, advances: Iterable[str], releases: Iterable[str] = ()) -> Path:
    path.mkdir(exist_ok=True)
    (path / "a").write_text("".join(f"{line}\n" for line in [HEADER, *advances]))
    (path / "b").write_text("".join(f"{line}\n" for line in ["channel,release,detected_at", *releases]))
    return path


def read(path: Path, known: Known = NOTHING_KNOWN) -> Facts:
    return channel_history.read(path, known, lambda message: None)


def advances(facts: Facts) -> pl.DataFrame:
    return facts.frames["channel_advanced"]


def known_of(*several: Facts) -> Known:
    """What a log holds after some ingests."""

    def ids(event_type: str, source: str) -> set[str]:
        assert source == channel_history.SOURCE
        if event_type == "source_declared":
            return {e.id for facts in several for e in facts.events if isinstance(e, SourceDeclared)}
        return {name for facts in several for name in facts.frames[event_type]["id"]}

    return Known(ids)


def append(log: EventLog, facts: Facts) -> None:
    frames = dict(facts.frames)
    if facts.events:
        frames["source_declared"] = schema.frame_of(facts.events)
    with log.writer_lock():
        log.append(frames, "test")


def tables(log: EventLog) -> dict[str, list[tuple[object, ...]]]:
    names = ("staging.channel_advanced", "core.channel_advances", "core.channels", "metrics.channel_delay")
    with warehouse.connect(":memory:") as con:
        warehouse.attach_log(con, log)
        wanted = harness.with_ancestors(*names)
        warehouse.build(con, harness.all_relations(), only=wanted, parameters=harness.parameters())
        return {name: con.sql(f"select * from {name} order by all").fetchall() for name in names}


@pytest.fixture(scope="module")
def bundled() -> Facts:
    return read(BUNDLED)


def test_the_bundled_history_is_read_whole(bundled: Facts) -> None:
    frame = advances(bundled)
    assert frame.height == 19_042
    assert frame["id"].n_unique() == 19_042
    assert frame["channel"].n_unique() == 64
    assert frame["occurred_at"].null_count() == 3_094
    assert frame.filter(pl.col("occurred_at").is_null())["observed_at"].to_list() == (
        frame.filter(pl.col("occurred_at").is_null())["commit_at"].to_list()
    )
    assert frame["observed_at"].max() == datetime(2023, 5, 24, 2, 43, 24, tzinfo=UTC)
    assert bundled.rejected == []


def test_every_time_is_utc(bundled: Facts) -> None:
    types = advances(bundled).schema
    assert [types[name] for name in ("observed_at", "occurred_at", "commit_at")] == [
        pl.Datetime("us", "UTC")
    ] * 3


def test_ids_name_source_channel_and_commit(bundled: Facts) -> None:
    row = advances(bundled).row(0, named=True)
    assert row["id"] == f"github.com/grahamc/nix-channel-monitor:advance:{row['channel']}:{row['revision']}"


def test_first_sights_are_those_of_the_first_day_and_of_pointers_that_had_stood(bundled: Facts) -> None:
    found = advances(bundled).filter("is_first_sight")
    first_day = found.filter(pl.col("occurred_at").dt.date() == datetime(2018, 6, 14).date())  # noqa: DTZ001
    later = found.join(first_day, on="id", how="anti")
    assert first_day.height == first_day["channel"].n_unique() == 23
    assert sorted(later["channel"]) == [
        "nixos-20.09-aarch64",
        "nixos-21.05-aarch64",
        "nixpkgs-spectrum-os",
        "nixpkgs-test",
        "nixpkgs-tests",
        "nixpkgs-upstream",
        "nixpkgs-vnc",
    ]
    assert ((later["occurred_at"] - later["commit_at"]) > timedelta(days=170)).all()


def test_release_names_are_matched_by_channel_and_abbreviated_commit(bundled: Facts) -> None:
    said: list[str] = []
    channel_history.read(BUNDLED, NOTHING_KNOWN, said.append)
    assert "4,922 release names: 4,821 name an advance, 101 do not" in said
    named = advances(bundled).drop_nulls("release")
    assert named.height == 4_821
    ends = named["release"].str.split(".").list.last()
    assert all(whole.startswith(end) for whole, end in zip(named["revision"], ends, strict=True))


def test_what_the_history_covers_is_declared(bundled: Facts) -> None:
    (declared,) = bundled.events
    assert isinstance(declared, SourceDeclared)
    assert (declared.covers, declared.source) == ("channel_advanced", channel_history.SOURCE)
    assert declared.first_at == datetime(2018, 6, 14, 21, 57, 18, tzinfo=UTC)
    assert declared.last_at == declared.observed_at == datetime(2023, 5, 24, 2, 43, 24, tzinfo=UTC)
    assert "none stated" in declared.licence


def test_reading_it_again_adds_nothing(bundled: Facts) -> None:
    again = read(BUNDLED, known_of(bundled))
    assert advances(again).height == 0
    assert again.events == []


def test_a_longer_copy_adds_only_what_is_new_and_ends_in_equal_tables(tmp_path: Path) -> None:
    header, *lines = (BUNDLED / "advances.csv").read_text().splitlines()
    assert header == HEADER
    releases = (BUNDLED / "releases.csv").read_text().splitlines()[1:]
    early = [line for line in lines if line.split(",")[2] < "2021"]
    assert 5_000 < len(early) < 15_000
    short = read(folder(tmp_path / "short", early, releases))
    whole = read(folder(tmp_path / "long", lines, releases))
    rest = read(tmp_path / "long", known_of(short))
    assert advances(rest).height == len(lines) - len(early)
    assert set(advances(rest)["id"]).isdisjoint(advances(short)["id"])
    twice, once = EventLog(tmp_path / "twice"), EventLog(tmp_path / "once")
    append(twice, short)
    append(twice, rest)
    append(once, whole)
    assert len(twice.batches()) == 2
    found = tables(twice)
    assert found == tables(once)
    assert all(found.values())


def test_the_order_of_rows_does_not_matter(bundled: Facts, tmp_path: Path) -> None:
    rows = (BUNDLED / "advances.csv").read_text().splitlines()[1:]
    releases = (BUNDLED / "releases.csv").read_text().splitlines()[1:]
    backwards = read(folder(tmp_path / "x", rows[::-1] + rows[:50], releases[::-1]))
    assert advances(backwards).sort("id").equals(advances(bundled).sort("id"))
    assert backwards.events == bundled.events


def test_it_is_recognised_by_content_whatever_the_names(tmp_path: Path) -> None:
    copy = folder(tmp_path / "holiday pictures", [f"c,2020-01-01T00:00:00Z,,{COMMIT}"])
    assert sources.recognise(copy) is channel_history
    assert sources.recognise(BUNDLED) is channel_history


def test_other_folders_are_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "advances.csv").write_text("channel,commit\n")
    assert not channel_history.recognises(tmp_path)
    assert not channel_history.recognises(BUNDLED.parent / "haskell-broken-markers")
    with pytest.raises(BadInput, match=r"channel history .a CSV with the columns channel, commit_date"):
        sources.recognise(tmp_path)


GOOD = (
    f"nixos-unstable,2020-01-01T00:00:00Z,2020-01-02T00:00:00Z,{commit(1)}",
    f"nixos-unstable,2020-01-03T00:00:00Z,2020-01-04T00:00:00Z,{commit(2)}",
)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"nixos-unstable,,2020-01-02T00:00:00Z,{COMMIT}", "commit_date is empty"),
        (f"nixos-unstable,0000-00-00T00:00:00Z,,{COMMIT}", "commit_date is not a UTC instant"),
        (f"nixos-unstable,1901-01-01T00:00:00Z,,{COMMIT}", "commit_date is not a UTC instant"),
        (f"nixos-unstable,2020-01-01T00:00:00Z,NaN,{COMMIT}", "detected_at is not a UTC instant"),
        (f"nixos-unstable,2020-01-01T00:00:00Z,-1,{COMMIT}", "detected_at is not a UTC instant"),
        ("nixos-unstable,2020-01-01T00:00:00Z,,abc", "commit is not a commit of 40 hex digits"),
        (f"nixos-unstable,2020-01-01T00:00:00Z,,{COMMIT.upper()}", "commit is not a commit of 40 hex digits"),
        (f"../nixos,2020-01-01T00:00:00Z,,{COMMIT}", "channel is not a name"),
        (f"<script>alert(1)</script>,2020-01-01T00:00:00Z,,{COMMIT}", "channel is not a name"),
        (f"{'n' * 5000},2020-01-01T00:00:00Z,,{COMMIT}", "channel is not a name"),
        (f"nixos-unstable,2020-01-01T00:00:00Z,{COMMIT}", "row has another number of fields"),
        (
            f"nixos-unstable,2021-01-01T00:00:00Z,,{commit(1)}",
            "contradicts another row of the same channel, commit",
        ),
    ],
)
def test_a_bad_row_is_rejected_aloud_and_the_good_ones_are_read(
    tmp_path: Path, row: str, reason: str
) -> None:
    facts = read(folder(tmp_path / "x", [GOOD[0], row, GOOD[1]]))
    assert advances(facts)["revision"].to_list() == [commit(1), commit(2)]
    (one,) = facts.rejected
    assert one.reason.startswith("line 3: ")
    assert reason in one.reason


def test_a_bad_release_is_rejected_and_the_advances_are_read(tmp_path: Path) -> None:
    at = "2020-01-02T00:00:00Z"
    releases = [
        f"nixos-unstable,nixos-20.03.1.{commit(1)[:11]},{at}",
        f"nixos-unstable,../../x.{commit(2)[:11]},{at}",
    ]
    facts = read(folder(tmp_path / "x", GOOD, releases))
    assert advances(facts)["release"].to_list() == [f"nixos-20.03.1.{commit(1)[:11]}", None]
    assert [one.reason.partition(" is not ")[0] for one in facts.rejected] == ["line 3: release"]


def test_a_release_of_another_channel_or_commit_names_nothing(tmp_path: Path) -> None:
    at = "2020-01-02T00:00:00Z"
    releases = [
        f"nixos-unstable-small,nixos-20.03.1.{commit(1)[:11]},{at}",
        f"nixos-unstable,nixos-20.03.2.{'f' * 11},{at}",
        f"nixos-unstable,nixos-20.03.3.{commit(1)[:10]}f,{at}",
        f"nixos-unstable,nixos-unstable,{at}",
    ]
    assert advances(read(folder(tmp_path / "x", GOOD, releases)))["release"].to_list() == [None, None]


def test_the_release_that_was_seen_first_names_the_advance(tmp_path: Path) -> None:
    releases = [
        f"nixos-unstable,nixos-20.03.2.{commit(1)[:7]},2020-01-05T00:00:00Z",
        f"nixos-unstable,nixos-20.03.1.{commit(1)[:11]},2020-01-02T00:00:00Z",
        f"nixos-unstable,nixos-20.03.0.{commit(1)[:7]},2020-01-05T00:00:00Z",
    ]
    found = advances(read(folder(tmp_path / "x", GOOD, releases)))["release"].to_list()
    assert found == [f"nixos-20.03.1.{commit(1)[:11]}", None]


def test_a_release_that_may_be_of_two_commits_names_neither(tmp_path: Path) -> None:
    twins = ["1" * 7 + "2" * 33, "1" * 7 + "3" * 33]
    rows = [f"nixos-unstable,2020-01-01T00:00:00Z,,{twin}" for twin in twins]
    at = "2020-01-05T00:00:00Z"
    both, second = f"nixos-20.03.1.{'1' * 7}", f"nixos-20.03.2.{'1' * 7}3"
    facts = read(
        folder(tmp_path / "x", rows, [f"nixos-unstable,{both},{at}", f"nixos-unstable,{second},{at}"])
    )
    assert advances(facts)["release"].to_list() == [None, second]


def test_without_a_usable_row_nothing_is_declared(tmp_path: Path) -> None:
    facts = read(folder(tmp_path / "x", ["a,b,c,d"]))
    assert advances(facts).height == 0
    assert facts.events == []
    assert len(facts.rejected) == 1


_CELLS = st.sampled_from(
    [
        "nixos-unstable",
        "2020-01-01T00:00:00Z",
        COMMIT,
        "",
        "NaN",
        "..",
        '"',
        "\r",
        "\x00",
        "-1",
        "é",
        "9" * 300,
    ]
)
_LINES = st.one_of(
    st.binary(max_size=60), st.lists(_CELLS, max_size=6).map(lambda cells: ",".join(cells).encode())
)


@settings(max_examples=200)
@given(
    advances=st.lists(_LINES, max_size=10),
    releases=st.lists(_LINES, max_size=5),
    is_cut=st.booleans(),
)
def test_no_garbage_stops_the_good_rows(
    tmp_path_factory: pytest.TempPathFactory, advances: list[bytes], releases: list[bytes], is_cut: bool
) -> None:
    path = tmp_path_factory.mktemp("fuzz")
    garbage = [line.replace(b"\n", b" ") for line in advances]
    body = [HEADER.encode(), GOOD[0].encode(), *garbage, GOOD[1].encode(), b"cut" if is_cut else b""]
    (path / "a").write_bytes(b"\n".join(body))
    (path / "b").write_bytes(b"channel,release,detected_at\n" + b"\n".join(releases))
    facts = read(path)
    frame = facts.frames["channel_advanced"]
    assert {commit(1), commit(2)} <= set(frame["revision"])
    assert frame["id"].is_unique().all()
    assert frame["revision"].str.contains("^[0-9a-f]{40}$").all()
    assert frame["channel"].str.contains(r"^[A-Za-z0-9][A-Za-z0-9._+-]*$").all()
    assert frame["observed_at"].null_count() == 0
    of_advances = sum(one.rows for one in facts.rejected if one.file == "a")
    told = [line.removesuffix(b"\r") for line in garbage if line not in (b"", b"\r")]
    accounted = of_advances + frame.height - 2
    assert accounted <= len(told) + is_cut
    assert accounted == len(told) + is_cut or len(set(told)) < len(told)
    assert of_advances >= is_cut
