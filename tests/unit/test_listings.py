"""Whole listings as changes: applied one after the other they give the listings back, and no more is written."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.log import facts, listings
from pipelines.log.listings import KEY, Base
from pipelines.sources.base import Listing

AT = datetime(2024, 5, 1, tzinfo=UTC)
SYSTEMS = ("aarch64-linux", "x86_64-linux")
Rows = dict[tuple[str, str], str]
"""(attr, system) -> build."""
Told = tuple[tuple[str, ...], Rows]
"""Systems covered, and the list."""
KNOWN = pl.DataFrame(
    schema={
        "build_id": pl.String,
        "observed_at": pl.Datetime("us", "UTC"),
        "status": pl.String,
        "cause": pl.String,
        "is_finished": pl.Boolean,
    }
)


def listing(
    told: Sequence[Told], first: int = 0, statuses: dict[tuple[int, str], str] | None = None
) -> Listing:
    """Observations o0, o1, ... an hour apart; every build failed unless told otherwise by (number, build)."""
    words = ["failed", "queued", "succeeded"]
    rows = [(n, key, build) for n, (_, listed) in enumerate(told) for key, build in listed.items()]
    builds = sorted({(*key, build) for _, key, build in rows})
    return Listing(
        "s",
        "p/j",
        pl.DataFrame(
            {
                "id": [f"o{first + n:03d}" for n in range(len(told))],
                "evaluation_id": [str(first + n) for n in range(len(told))],
                "ordinal": [first + n for n in range(len(told))],
                "observed_at": [AT + timedelta(hours=first + n) for n in range(len(told))],
                "systems": [list(systems) for systems, _ in told],
            },
            schema_overrides={"systems": pl.List(pl.String), "observed_at": pl.Datetime("us", "UTC")},
        ),
        pl.DataFrame(
            [(attr, system, "", build) for attr, system, build in builds],
            schema=dict.fromkeys([*KEY, "build_id"], pl.String),
            orient="row",
        ),
        pl.DataFrame(
            {
                "source_status": words,
                "status": words,
                "is_finished": [True, False, True],
                "cause": ["own", "unknown", "unknown"],
            }
        ),
        pl.DataFrame(
            {
                "observation": [n for n, _, _ in rows],
                "build": [builds.index((*key, build)) for _, key, build in rows],
                "status": [words.index((statuses or {}).get((n, build), "failed")) for n, _, build in rows],
            },
            schema=dict.fromkeys(["observation", "build", "status"], pl.UInt32),
        ),
    )


def base(told: Told, identity: str = "o000", since: int = 0) -> Base:
    """An observation that the log has."""
    systems, rows = told
    frame = pl.DataFrame(
        [(attr, system, "", build) for (attr, system), build in sorted(rows.items())],
        schema=dict.fromkeys([*KEY, "build_id"], pl.String),
        orient="row",
    )
    return Base(identity, list(systems), frame, since)


def edits(changed: listings.Changes) -> list[tuple]:
    """The rows of the delta, in order."""
    columns = ["observation_id", "base_observation_id", "attr", "system", "change", "build_id"]
    return sorted(changed.membership.select(columns).rows(), key=repr)


BOTH = SYSTEMS
MANY = {(f"a{n}", SYSTEMS[n % 2]): f"{n}" for n in range(10)}


def test_the_row_hash_is_the_one_that_sql_computes() -> None:
    builds = pl.DataFrame(
        {"attr": ["a", "日本"], "system": "x", "variant": ["", "v"], "build_id": ["1", "2"]}
    )
    told = duckdb.sql("select md5_number_upper('a|x||1'), md5_number_upper('日本|x|v|2')").fetchall()[0]
    assert [int(h) % 2**64 for h in listings.row_hash(builds)] == list(told)


def test_the_first_listing_is_stated_whole() -> None:
    changed = listings.changes(listing([(BOTH, MANY)]), None, KNOWN)
    assert len(edits(changed)) == 10
    assert {row[1:2] + row[4:5] for row in edits(changed)} == {(None, "listed")}
    assert changed.checksums["listed_rows"].to_list() == [10]


def test_later_ones_are_told_by_what_changed() -> None:
    after = {key: build for key, build in MANY.items() if key[0] != "a3"} | {("a1", SYSTEMS[1]): "new"}
    changed = listings.changes(listing([(BOTH, MANY), (BOTH, after), (BOTH, after)]), None, KNOWN)
    assert [row for row in edits(changed) if row[0] != "o000"] == [
        ("o001", "o000", "a1", SYSTEMS[1], "rebuilt", "new"),
        ("o001", "o000", "a3", SYSTEMS[1], "unlisted", None),
    ]


def test_what_equals_its_base_adds_nothing() -> None:
    changed = listings.changes(listing([(BOTH, MANY)], first=1), base((BOTH, MANY)), KNOWN)
    assert edits(changed) == []
    assert changed.checksums["listed_rows"].to_list() == [10]


def test_a_change_of_more_than_half_is_stated_whole() -> None:
    half = MANY | {(f"a{n}", SYSTEMS[n % 2]): "new" for n in range(5)}
    more = MANY | {(f"a{n}", SYSTEMS[n % 2]): "new" for n in range(6)}
    assert {
        row[1] for row in edits(listings.changes(listing([(BOTH, half)], 1), base((BOTH, MANY)), KNOWN))
    } == {"o000"}
    whole = edits(listings.changes(listing([(BOTH, more)], 1), base((BOTH, MANY)), KNOWN))
    assert ({row[1] for row in whole}, len(whole)) == ({None}, 10)


def test_every_two_hundredth_is_stated_whole() -> None:
    changed = listings.changes(listing([(BOTH, MANY)] * 401), None, KNOWN)
    assert sorted({row[0] for row in edits(changed)}) == ["o000", "o200", "o400"]
    later = listings.changes(listing([(BOTH, MANY)], 1), base((BOTH, MANY), since=199), KNOWN)
    assert len(edits(later)) == 10


def test_a_system_that_is_not_covered_is_not_unlisted_and_comes_back_anew() -> None:
    linux = {key: build for key, build in MANY.items() if key[1] == SYSTEMS[1]}
    changed = listings.changes(listing([(BOTH, MANY), (SYSTEMS[1:], linux), (BOTH, MANY)]), None, KNOWN)
    told = [row for row in edits(changed) if row[0] != "o000"]
    assert {row[4] for row in told} == {"listed"}
    # Nothing changed but the coverage: stated whole, since an observation without changes equals its base.
    assert {row[:2] for row in told if row[0] == "o001"} == {("o001", None)}
    assert {row[3] for row in told if row[:2] == ("o002", "o001")} == {SYSTEMS[0]}


def test_an_empty_listing_unlists_what_was_there() -> None:
    changed = listings.changes(listing([(BOTH, {})], 1), base((BOTH, {("a", SYSTEMS[0]): "1"})), KNOWN)
    assert changed.checksums.rows() == [("o001", 0, 0)]


def test_a_job_named_twice_counts_once() -> None:
    twice = listing([(BOTH, {("a", SYSTEMS[0]): "1", ("b", SYSTEMS[0]): "2"})])
    builds = pl.concat([twice.builds, twice.builds.head(1).with_columns(build_id=pl.lit("0"))])
    rows = pl.concat(
        [
            twice.rows,
            pl.DataFrame({"observation": [0], "build": [2], "status": [0]}, schema=twice.rows.schema),
        ]
    )
    changed = listings.changes(
        Listing("s", "p/j", twice.observations, builds, twice.statuses, rows), None, KNOWN
    )
    assert changed.checksums["listed_rows"].to_list() == [2]
    assert [(row[2], row[5]) for row in edits(changed)] == [("a", "0"), ("b", "2")]
    assert changed.repeated["build_id"].to_list() == ["1"]


def _facts(told: Listing, known: pl.DataFrame = KNOWN) -> list[tuple[str, int, str]]:
    rows = facts.changed(told, known).select("build_id", "observed_at", "status").rows()
    return sorted((build, (at - AT) // timedelta(hours=1), status) for build, at, status in rows)


ONE: list[Told] = [(BOTH, {("a", SYSTEMS[0]): "1"})]


def test_a_fact_is_told_where_it_differs_from_the_one_before() -> None:
    words = {
        (0, "1"): "queued",
        (1, "1"): "queued",
        (2, "1"): "failed",
        (3, "1"): "queued",
        (4, "1"): "queued",
    }
    assert _facts(listing(ONE * 5, statuses=words)) == [
        ("1", 0, "queued"),
        ("1", 2, "failed"),
        ("1", 3, "queued"),
    ]


def _known(*told: tuple[int, str]) -> pl.DataFrame:
    rows = [
        ("1", AT + timedelta(hours=h), word, "own" if word == "failed" else "unknown", word != "queued")
        for h, word in told
    ]
    return pl.DataFrame(rows, schema=KNOWN.schema, orient="row")


def test_facts_are_compared_in_time_and_not_in_order_of_arrival() -> None:
    late = listing(ONE, first=5, statuses={(0, "1"): "failed"})
    assert _facts(late, _known((3, "queued"), (10, "failed"))) == [("1", 5, "failed")]
    assert _facts(late, _known((3, "failed"), (10, "queued"))) == []
    assert _facts(late, _known((10, "failed"))) == [("1", 5, "failed")]


def test_a_known_fact_between_two_new_ones_parts_them() -> None:
    assert _facts(listing(ONE * 8, first=3), _known((5, "queued"))) == [
        ("1", 3, "failed"),
        ("1", 6, "failed"),
    ]


_ROWS = st.dictionaries(
    st.tuples(st.sampled_from([f"a{n}" for n in range(6)]), st.sampled_from(SYSTEMS)),
    st.sampled_from(["1", "2"]),
)
_TOLD = st.builds(
    lambda systems, rows: (
        tuple(sorted(systems)),
        {k: f"{v}{k}" for k, v in rows.items() if k[1] in systems},
    ),
    st.sets(st.sampled_from(SYSTEMS), min_size=1),
    _ROWS,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_TOLD, min_size=2, max_size=7), st.integers(1, 6))
def test_changes_applied_in_order_give_the_listings_back(told: list[Told], cut: int) -> None:
    cut = min(cut, len(told) - 1)
    first = listings.changes(listing(told[:cut]), None, KNOWN)
    second = listings.changes(listing(told[cut:], first=cut), base(told[cut - 1], f"o{cut - 1:03d}"), KNOWN)
    current: Rows = {}
    for n, (systems, rows) in enumerate(told):
        changed = (first if n < cut else second).membership.filter(pl.col("observation_id") == f"o{n:03d}")
        if changed.height and changed["base_observation_id"][0] is None:
            current = {}
        current = {key: build for key, build in current.items() if key[1] in systems}
        for attr, system, change, build in changed.select("attr", "system", "change", "build_id").iter_rows():
            if change == "unlisted":
                del current[attr, system]
            else:
                assert (change == "rebuilt") == ((attr, system) in current)
                current[attr, system] = build
        assert rows == {} or current == rows
        current = dict(rows)
