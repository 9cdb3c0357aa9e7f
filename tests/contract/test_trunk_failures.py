"""The history of trunk's failures as ingested and built: equal to what its authors worked out from it."""

import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines import warehouse
from tests import histories
from tests.histories import TRUNK

JOBSET = "nixpkgs/trunk"
MEDIANS = {"x86_64-linux": 13.50, "aarch64-linux": 13.50, "x86_64-darwin": 13.00, "aarch64-darwin": 13.45}
VERDICTS = f"""
    from replay.list_verdicts as v
    inner join replay.series as s on v.series = s.series
    inner join replay.steps as p on v.series = p.series and v.step = p.step
    inner join replay.evaluations as e on p.evaluation = e.evaluation
    inner join read_csv('{TRUNK}/eval_systems.csv') as f
        on e.evaluation_id::bigint = f.eval_id and s.system = f.system
    where s.jobset = '{JOBSET}' and v.chain = 'lookahead'
"""


def test_reference_episodes_are_equal_in_every_column(real_warehouse: Path, tmp_path: Path) -> None:
    path = tmp_path / "trunk.duckdb"
    shutil.copy(real_warehouse, path)
    con = warehouse.connect(path)
    histories.use_preset(con, "trunk-reference")
    ours = f"""
        select
            attr as job,
            system,
            broken_evaluation_id::bigint as broken_eval,
            broken_at::timestamp as broken_at,
            first_build_id::bigint as first_build_id,
            last_build_id::bigint as last_build_id,
            cleared_evaluation_id::bigint as cleared_eval,
            cleared_at::timestamp as cleared_at,
            evaluations as n_evals,
            is_left_censored as left_censored
        from core.failure_episodes
        where jobset = '{JOBSET}'
    """
    reference = f"select * exclude (n_builds) from '{TRUNK}/episodes_reference.parquet'"
    assert con.execute(f"select count(*) from ({ours})").fetchall() == [(27_340,)]
    assert histories.differences(con, ours, reference) == (0, 0)
    con.close()


def test_builds_within_reference_episodes_are_equal(real: duckdb.DuckDBPyConnection) -> None:
    """`n_builds` of the reference: distinct builds over the complete evaluations of an episode."""
    ours = f"""
        with marks as (
            select series, step, evaluation_id::bigint as evaluation
            from core.evaluation_systems
            where jobset = '{JOBSET}' and is_complete_by_lookahead
        )
        select r.job, r.system, r.broken_eval, count(distinct i.build_id)::integer as n_builds
        from '{TRUNK}/episodes_reference.parquet' as r
        inner join replay.series as s on r.system = s.system and s.jobset = '{JOBSET}'
        inner join replay.jobs as j on s.series = j.series and r.job = j.attr
        inner join marks as m
            on s.series = m.series
            and m.evaluation >= r.broken_eval
            and (r.cleared_eval is null or m.evaluation < r.cleared_eval)
        inner join replay.intervals as i on j.job = i.job and m.step between i.first_step and i.last_step
        group by r.job, r.system, r.broken_eval
    """
    theirs = f"select job, system, broken_eval, n_builds from '{TRUNK}/episodes_reference.parquet'"
    assert histories.differences(real, ours, theirs) == (0, 0)


def test_final_verdicts_equal_the_flags_of_the_set(real: duckdb.DuckDBPyConnection) -> None:
    assert real.execute(
        f"select count(*), count(*) filter (where f.incomplete), "
        f"count(*) filter (where f.incomplete and v.is_incomplete_by_lookahead), "
        f"count(*) filter (where v.is_incomplete_by_lookahead) {VERDICTS}"
    ).fetchall() == [(1_300, 52, 52, 52)]
    assert real.execute(
        f"select count(*) {VERDICTS} and f.n_gone is not null and "
        "(f.n_gone, f.n_gone_back_same_build, f.n_gone_back_within_15) is distinct from "
        "(v.vanished_jobs, v.returned_same_build, v.returned_jobs)"
    ).fetchall() == [(0,)]


def test_provisional_verdicts_reach_precision_and_recall(
    real: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    flagged, judged, both = real.execute(
        f"select count(*) filter (where f.incomplete), count(*) filter (where v.is_incomplete_at_once), "
        f"count(*) filter (where f.incomplete and v.is_incomplete_at_once) {VERDICTS}"
    ).fetchall()[0]
    precision, recall = both / judged, both / flagged
    with capsys.disabled():
        print(f"\nprovisional verdicts: precision {precision:.2f}, recall {recall:.2f} ({both} of {flagged})")
    assert precision == 1.0
    assert round(recall, 2) == 0.90


def test_published_verdicts_that_are_final_equal_the_flags(real: duckdb.DuckDBPyConnection) -> None:
    assert real.execute(
        f"""
        select count(*) filter (where c.is_complete = f.incomplete), count(*) > 1000
        from core.evaluation_systems as c
        inner join read_csv('{TRUNK}/eval_systems.csv') as f
            on c.evaluation_id::bigint = f.eval_id and c.system = f.system
        where c.jobset = '{JOBSET}' and c.is_verdict_final
        """
    ).fetchall() == [(0, True)]


@pytest.mark.parametrize("system", sorted(MEDIANS))
def test_medians_by_evaluation_time(
    real_warehouse: Path, real: duckdb.DuckDBPyConnection, system: str
) -> None:
    median, negative = real.execute(
        f"""
        select
            median(date_diff('second', broken_at, cleared_at)) / 86400,
            count(*) filter (where cleared_at < broken_at)
        from core.failure_episodes
        where jobset = '{JOBSET}' and system = $system and not is_left_censored and cleared_at is not null
        """,
        {"system": system},
    ).fetchall()[0]
    assert round(median, 2) == pytest.approx(MEDIANS[system], abs=1e-9)
    assert negative == 0


def test_counts_of_the_shipped_table_are_listed(real: duckdb.DuckDBPyConnection) -> None:
    """Failures per evaluation and system as `eval_systems.csv` counts them; no ratio from failures alone."""
    ours = f"""
        select evaluation_id::bigint as eval_id, system, listed_jobs as n_failed, green_jobs
        from core.evaluation_systems where jobset = '{JOBSET}'
    """
    theirs = f"select eval_id, system, n_failed, null::bigint from read_csv('{TRUNK}/eval_systems.csv')"
    assert histories.differences(real, ours, theirs) == (0, 0)


def test_an_evaluation_polled_often_is_one(real: duckdb.DuckDBPyConnection) -> None:
    assert real.execute(
        "select jobset, count(*) from core.evaluations where jobset <> 'nixpkgs/haskell-updates' "
        "group by jobset order by jobset"
    ).fetchall() == [("nixpkgs/staging-next", 1), ("nixpkgs/trunk", 325)]
    assert histories.differences(
        real,
        "select evaluation_id::bigint, first_observed_at, last_observed_at from core.evaluations "
        f"where jobset = '{JOBSET}'",
        "select eval_id, first_seen::timestamptz, last_seen::timestamptz "
        f"from read_csv('{TRUNK}/evaluations.csv') where jobset = 'trunk'",
    ) == (0, 0)
