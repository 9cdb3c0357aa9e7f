"""Each case below `tests/sql/<relation>/`: from events through the whole of `sql/` to the rows expected."""

from collections.abc import Iterator

import duckdb
import pytest

from pipelines import checks
from pipelines.paths import SQL
from tests.sql import harness


@pytest.fixture(scope="module")
def built() -> Iterator[duckdb.DuckDBPyConnection]:
    """All cases in one warehouse, each a source of its own."""
    with harness.build([event for case in harness.cases() for event in harness.events(case)]) as con:
        yield con


@pytest.mark.parametrize("case", harness.cases())
def test_given_events_give_the_expected_rows(built: duckdb.DuckDBPyConnection, case: str) -> None:
    wanted, found = harness.expected(case), harness.rows(built, case)
    shown = [{name: row[name] for name in (wanted[0] if wanted else {})} for row in found]
    assert len(found) == len(wanted), shown
    for row, expected in zip(found, wanted, strict=True):
        assert {name: row[name] for name in expected} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    "key", [key for key, relation in harness.all_relations().items() if relation.kind == "table"]
)
def test_the_claims_hold_in_all_cases(built: duckdb.DuckDBPyConnection, key: str) -> None:
    relation = harness.all_relations()[key]
    claims = checks.load(SQL / "checks", harness.all_relations()).get(key, [])
    assert [result.sentence() for result in checks.run(built, relation, claims) if result.is_broken] == []


def test_without_events_nothing_is_claimed() -> None:
    with harness.build([]) as con:
        for key, relation in harness.all_relations().items():
            claims = checks.load(SQL / "checks", harness.all_relations()).get(key, [])
            assert [
                result.sentence() for result in checks.run(con, relation, claims) if result.is_broken
            ] == []
        assert con.sql("select count(*) from metrics.coverage").fetchall() == [(0,)]
