"""What the log holds word for word is not told again, whichever way it is looked for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.log import schema, state
from pipelines.log.facts import SAME
from pipelines.log.store import EventLog

AT = datetime(2026, 1, 1, tzinfo=UTC)
IDS = st.sampled_from(["1", "2", "3", "30", "03", "+3", "a", "", str(2**40), str(2**63), "-3"])
HYDRA_IDS = st.integers(0, 40).map(str)


@st.composite
def facts(draw: st.DrawFn, ids: st.SearchStrategy[str]) -> pl.DataFrame:
    """Some facts about builds, many of them alike."""
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["hydra.example.org", "other"]),
                ids,
                st.integers(0, 12).map(lambda n: AT + timedelta(microseconds=n // 4)),
                st.sampled_from(["succeeded", "failed", "queued"]),
                st.booleans(),
                st.sampled_from(["own", "dependency", "unknown"]),
            ),
            max_size=30,
        )
    )
    kinds = schema.polars_schema("build_observed")
    return pl.DataFrame(rows, schema={name: kinds[name] for name in SAME}, orient="row")


@settings(max_examples=500, deadline=None)
@given(st.one_of(*(st.tuples(facts(ids), facts(ids)) for ids in (HYDRA_IDS, IDS))))
def test_numbers_tell_rows_apart_as_their_texts_do(both: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    told, there = both
    numbers = state._numbers(told, there)
    if numbers is not None:
        expected = told.join(there, on=SAME, how="semi", maintain_order="left")
        assert told.filter(numbers[0].is_in(numbers[1].implode())).equals(expected)


def test_ids_of_a_hydra_have_numbers_and_other_ids_have_none() -> None:
    told = pl.DataFrame([("hydra", "7", AT, "failed", True, "own")], schema=SAME, orient="row")
    assert state._numbers(told, told) is not None
    for odd in ("07", "+7", "a", "", str(2**40 + 1), "-7"):
        assert state._numbers(told, told.with_columns(build_id=pl.lit(odd))) is None


def test_what_the_log_holds_is_left_out(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    rows = [
        ("hydra", str(n), AT + timedelta(seconds=n % 2), word, True, "own")
        for n in range(10)
        for word in ("failed", "succeeded")
    ]
    told = pl.DataFrame(rows, schema=SAME, orient="row").with_columns(
        jobset=pl.lit("p/j"), attr=pl.lit("a"), system=pl.lit("x86_64-linux"), source_status=pl.lit("0")
    )
    log.append({"build_observed": told.head(13)}, "some")
    assert state.untold(log, told).equals(told.tail(7))
    assert state.untold(log, told.head(13)).is_empty()
    named = told.with_columns(build_id=pl.format("{}/x", "build_id"))
    assert state.untold(log, named).equals(named)
