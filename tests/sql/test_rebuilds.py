"""Rebuilds on given histories: baselines, what is no rebuild, what is charged, contents and their verdicts."""

from datetime import timedelta
from typing import Any

import duckdb
import pytest
from msgspec import structs

from models.derivations import text_id64
from models.events import BuildObserved, EvaluationObserved, Event, MembershipChanged
from models.parts import MembershipRow
from models.vocabulary import Change, Coverage, Unit
from tests.built_sets import AT, SYSTEM, History, Package, output
from tests.sql import harness
from tests.sql.world import checksum

P = Package
HOUR = timedelta(hours=1)


def app(text: str = "1", *needs: tuple[str, str]) -> Package:
    return P("app", text, needs or (("lib", "buildInputs"),))


HISTORIES = [
    # A new job, one that only follows, one that goes away.
    History("plain", [[P("lib"), app()], [P("lib", "2"), app(), P("new")], [P("lib", "2")]]),
    # app fails at 1, and is compared with 0 when it succeeds at 2.
    History(
        "broken",
        [[P("lib"), app()], [P("lib", "2"), app()], [P("lib", "3"), app()]],
        statuses={(1, "app"): "failed"},
    ),
    # Marked broken in between: in the evaluation before there was no job.
    History("marked", [[P("lib"), app()], [P("lib", "2")], [P("lib", "2"), app()]]),
    # Back to what was built already.
    History("returned", [[P("lib"), app()], [P("lib", "2"), app()], [P("lib"), app()]]),
    # It fails, then goes back to its last good derivation.
    History(
        "reverted",
        [[P("lib"), app()], [P("lib", "2"), app()], [P("lib"), app()]],
        statuses={(1, "app"): "failed"},
    ),
    # A fetcher changes: the recipe of the download does, its output does not.
    History(
        "fetched",
        [
            [
                P("curl"),
                P("src", "1", (("curl", "nativeBuildInputs"),), is_fixed=True),
                app("1", ("src", "src")),
            ],
            [
                P("curl", "2"),
                P("src", "1", (("curl", "nativeBuildInputs"),), is_fixed=True),
                app("1", ("src", "src")),
            ],
            [
                P("curl", "2"),
                P("src", "2", (("curl", "nativeBuildInputs"),), is_fixed=True),
                app("1", ("src", "src")),
            ],
        ],
    ),
    History(
        "waiting",
        [[P("lib"), app()], [P("lib", "2"), app()]],
        statuses={(1, "lib"): "failed", (1, "app"): "dependency-failed"},
    ),
    History(
        "never",
        [[P("lib"), app()], [P("lib", "2"), app()]],
        statuses={(0, "app"): "failed", (1, "app"): "failed"},
    ),
    History("untold", [[P("lib"), app()], [P("lib", "2"), app()]], statuses={(1, "app"): "none"}),
    History("changed", [[P("lib"), app()], [P("lib", "2"), app()]], contents={(1, "app"): "another"}),
    History("noisy", [[P("lib"), app()], [P("lib", "2"), app()]]),
    History("cached", [[P("lib"), app()], [P("lib", "2"), app()]]),
    History("timeless", [[P("lib"), app()], [P("lib", "2"), app()]]),
    History("jobset", [[P("lib"), app()], [P("lib", "2"), app()]]),
    History("named", [[P("lib"), P("app", "1", (("lib", "buildInputs"),))]] * 2),
]
BY_SOURCE = {history.source: history for history in HISTORIES}


def rows(con: duckdb.DuckDBPyConnection, source: str) -> list[dict[str, Any]]:
    found = con.sql("from core.rebuilds where source = $source", params={"source": source})
    return found.to_arrow_table().to_pylist()


def row(con: duckdb.DuckDBPyConnection, source: str, attr: str, evaluation: str) -> dict[str, Any]:
    (found,) = [r for r in rows(con, source) if (r["attr"], r["evaluation_id"]) == (attr, evaluation)]
    return found


def names(con: duckdb.DuckDBPyConnection, source: str) -> list[tuple[str, str]]:
    return [(r["attr"], r["evaluation_id"]) for r in rows(con, source)]


def changed(event: Event, source: str) -> Event:
    """Builds of some histories are told in another way."""
    if not isinstance(event, BuildObserved):
        return event
    if source == "cached":
        return structs.replace(event, is_cached=True)
    if source == "timeless":
        return structs.replace(event, started_at=None, stopped_at=None)
    return event


def jobset(history: History) -> list[Event]:
    """The same history as a jobset whose evaluations list builds."""
    found: list[Event] = []
    for place, at in enumerate(history.made()):
        when = AT + place * HOUR
        observation = f"jobset:evaluation:main:{place}"
        listed = [
            MembershipRow(system=SYSTEM, attr=name, change=Change.LISTED, build_id=str(made.number))
            for name, made in at.items()
        ]
        found.append(
            EvaluationObserved(
                id=observation, source="jobset", observed_at=when, occurred_at=when, jobset="main",
                evaluation_id=str(place), ordinal=place, observation_key=str(place), unit=Unit.JOB,
                coverage=Coverage.FULL, listed_statuses=["all"], systems=[SYSTEM], listed_rows=len(listed),
                listing_checksum=checksum((name, SYSTEM, "", str(made.number)) for name, made in at.items()),
            )
        )  # fmt: skip
        found.append(
            MembershipChanged(
                source="jobset",
                observed_at=when,
                jobset="main",
                observation_id=observation,
                changes=listed,
            )
        )
    return found


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    events: list[Event] = []
    for history in HISTORIES:
        events += [changed(event, history.source) for event in history.events()]
    noisy = BY_SOURCE["noisy"].made()[0]["app"]
    path = f"/nix/store/{abs(noisy.output):032d}-app-1"
    events.append(output("noisy", noisy.number, AT + HOUR, path, "built again"))
    events += jobset(BY_SOURCE["jobset"])
    return harness.build([(1, event) for event in events], "core.rebuilds")


def test_what_is_new_or_gone_is_no_rebuild(con: duckdb.DuckDBPyConnection) -> None:
    assert names(con, "plain") == [("app", "0001"), ("lib", "0001")]
    lib, of_app = row(con, "plain", "lib", "0001"), row(con, "plain", "app", "0001")
    assert (lib["has_own_change"], lib["triggers"], lib["role"]) == (True, ["lib"], None)
    assert (of_app["has_own_change"], of_app["triggers"], of_app["role"]) == (False, ["lib"], "build")
    assert (of_app["wall_seconds"], of_app["core_seconds"], of_app["seconds_basis"]) == (
        60.0,
        240.0,
        "measured",
    )


def test_the_baseline_is_the_last_success_not_the_evaluation_before(con: duckdb.DuckDBPyConnection) -> None:
    made = BY_SOURCE["broken"].made()
    failed, mended = row(con, "broken", "app", "0001"), row(con, "broken", "app", "0002")
    assert failed["content"] == "not-finished"
    assert failed["is_executed"]
    assert mended["baseline_derivation_id64"] == made[0]["app"].number
    assert mended["previous_derivation_id64"] == made[1]["app"].number
    assert mended["baseline_evaluation_id"] == "0000"
    assert mended["content"] == "cutoff"


def test_a_job_that_was_away_is_compared_with_its_last_success(con: duckdb.DuckDBPyConnection) -> None:
    back = row(con, "marked", "app", "0002")
    assert back["previous_derivation_id64"] is None
    assert back["baseline_evaluation_id"] == "0000"


def test_what_was_built_before_is_charged_there(con: duckdb.DuckDBPyConnection) -> None:
    back = row(con, "returned", "app", "0002")
    assert (back["is_executed"], back["attempts"], back["wall_seconds"]) == (False, 0, 0.0)
    assert (back["seconds_basis"], back["stored_bytes"]) == ("none", 0)
    assert row(con, "returned", "app", "0001")["is_executed"]


def test_going_back_to_the_last_good_one_is_no_rebuild(con: duckdb.DuckDBPyConnection) -> None:
    assert ("app", "0002") not in names(con, "reverted")


def test_a_changed_fetcher_rebuilds_nothing_but_a_changed_download_does(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert names(con, "fetched") == [("app", "0002"), ("curl", "0001"), ("src", "0002")]
    of_app, src = row(con, "fetched", "app", "0002"), row(con, "fetched", "src", "0002")
    # A source is no package: where it changed, the package did.
    assert (of_app["triggers"], of_app["has_own_change"], of_app["role"]) == (["app"], True, None)
    assert (src["triggers"], src["has_own_change"]) == (["src"], True)


def test_what_waits_for_another_did_not_run(con: duckdb.DuckDBPyConnection) -> None:
    waiting = row(con, "waiting", "app", "0001")
    assert (waiting["is_executed"], waiting["wall_seconds"], waiting["content"]) == (
        False,
        0.0,
        "not-finished",
    )
    assert row(con, "waiting", "lib", "0001")["is_executed"]


def test_without_a_success_nothing_can_be_compared(con: duckdb.DuckDBPyConnection) -> None:
    never = row(con, "never", "app", "0001")
    assert never["baseline_derivation_id64"] is None
    assert (never["has_own_change"], never["triggers"], never["content"]) == (None, None, None)
    assert never["is_executed"]


def test_what_nobody_tells_is_unknown(con: duckdb.DuckDBPyConnection) -> None:
    untold = row(con, "untold", "app", "0001")
    assert (untold["status"], untold["is_executed"], untold["wall_seconds"]) == (None, None, None)
    assert (untold["seconds_basis"], untold["content"], untold["stored_bytes"]) == ("unknown", None, None)
    assert untold["triggers"] == ["lib"]


def test_another_content_is_a_change(con: duckdb.DuckDBPyConnection) -> None:
    assert row(con, "changed", "app", "0001")["content"] == "changed"
    plain = row(con, "plain", "app", "0001")
    assert (plain["content"], plain["is_same_names_keyed"], plain["is_same_self_blanked"]) == (
        "cutoff",
        True,
        False,
    )


def test_a_package_whose_builds_differ_is_marked(con: duckdb.DuckDBPyConnection) -> None:
    assert row(con, "noisy", "app", "0001")["has_noise"]
    assert not row(con, "noisy", "lib", "0001")["has_noise"]


def test_results_from_a_cache_cost_nothing(con: duckdb.DuckDBPyConnection) -> None:
    cached = row(con, "cached", "app", "0001")
    assert (cached["is_executed"], cached["wall_seconds"], cached["content"]) == (False, 0.0, "cutoff")


def test_without_times_the_median_of_earlier_builds_counts(con: duckdb.DuckDBPyConnection) -> None:
    timeless = row(con, "timeless", "app", "0001")
    assert (timeless["is_executed"], timeless["seconds_basis"], timeless["wall_seconds"]) == (
        True,
        "median",
        60.0,
    )
    assert timeless["core_seconds"] == 240.0


def test_jobsets_count_as_package_sets_do_and_are_charged_once(con: duckdb.DuckDBPyConnection) -> None:
    found = {(r["jobset"], r["attr"]): r for r in rows(con, "jobset")}
    assert set(found) == {("main", "app"), ("main", "lib"), ("set", "app"), ("set", "lib")}
    for attr in ("app", "lib"):
        one, other = found["main", attr], found["set", attr]
        for column in ("triggers", "role", "content", "baseline_derivation_id64", "has_own_change"):
            assert one[column] == other[column], (attr, column)
        assert one["is_executed"] + other["is_executed"] == 1


def test_nothing_is_said_where_nothing_changed(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(con, "named") == []
    assert text_id64("a") == text_id64(b"a") != text_id64("b")
